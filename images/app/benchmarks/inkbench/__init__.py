"""How fast the app is, and how little it takes: `make bench`."""
