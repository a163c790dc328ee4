"""What a panel is, what is on its glass, and what one order does to it."""
