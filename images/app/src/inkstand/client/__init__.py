"""The command line client: the standard library is all it needs."""
