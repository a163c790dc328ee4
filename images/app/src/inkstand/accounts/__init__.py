"""Accounts: who may log in, and the tokens that prove it."""
