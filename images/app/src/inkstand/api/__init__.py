"""The HTTP API: resources, what they take, and how errors look."""
