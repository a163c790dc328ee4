"""From one release to another, and back when the new one is not well.

`switching.py` says what happens in which order.
"""
