"""What is wrong with an Inkstand, and how to put it right; nothing here changes anything."""
