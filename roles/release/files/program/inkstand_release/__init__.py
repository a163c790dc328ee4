"""Goes from one release of Inkstand to another, and back when the new one is not well.

It runs on the Pi, so that nothing is left half way when whoever deploys goes away. Standard
library only. `switching.py` says what happens in which order.
"""
