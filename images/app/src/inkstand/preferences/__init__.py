"""What an owner may change while it runs, kept in a database of its own."""
