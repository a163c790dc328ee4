"""Pack what makes a Raspberry Pi this Inkstand and no other, encrypted, and put it back.

An archive is a `tar.gz` that age encrypted: first `manifest.json`, then the files that it names.
The manifest says what made it (`format`, `host`, `machine`, `made`), the version of each database
(`schemas`, by name) and of each file its size, SHA-256, mode and numeric owner. Names begin with a
place, such as `app/messages.sqlite3`; where a place is on a host is told on the command line.

Plain text is in no file but on the Pi it comes from or goes to. Needs nothing but Python and age.
"""
