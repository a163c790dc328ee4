"""Which screen is on the glass while nobody writes, and when the panel is quiet; pure."""
