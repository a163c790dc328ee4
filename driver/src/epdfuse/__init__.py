"""A FUSE driver for small e-paper panels, compatible with repaper/gratis."""

__version__ = "0.1.0"
