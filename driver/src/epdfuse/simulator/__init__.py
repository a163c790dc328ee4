"""A panel without hardware: the reading of the bytes on its bus, and pictures of what it shows."""
