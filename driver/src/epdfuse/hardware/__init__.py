"""The wires of a real panel: SPI, pins and the pump clock, behind one protocol."""
