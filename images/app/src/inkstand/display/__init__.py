"""The task that owns the panel, and what it decides by: pages, and which refresh."""
