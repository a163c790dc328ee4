"""How the appliance is doing: for the status screen, the API and the metrics."""
