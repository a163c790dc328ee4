"""The web page: one HTML file, one CSS file, one ES module; no build step, no outside resources."""
