"""Images of Inkstand for each architecture of a Raspberry Pi, and bundles for offline Pis."""
