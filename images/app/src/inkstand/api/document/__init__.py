"""API v1 in words that programs read: an OpenAPI 3.1 document, made of Python's own data. Pure."""

from inkstand.api.document.whole import make_document

__all__ = ["make_document"]
