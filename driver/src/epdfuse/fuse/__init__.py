"""The directory that programs see: a request, its file, the order it makes."""
