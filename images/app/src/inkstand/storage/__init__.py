"""SQLite databases: one thread each, and what becomes of one that is damaged."""
