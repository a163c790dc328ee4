"""Inkstand: an e-paper panel, a button and a web server that people can trust."""

__version__ = "0.1.0"
