"""What the programs for the owner's or developer's computer share."""
