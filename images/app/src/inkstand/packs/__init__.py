"""Packs: data screens without code. One TOML file says what is fetched, picked of it and shown."""
