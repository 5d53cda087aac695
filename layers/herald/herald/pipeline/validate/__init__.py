"""Validate: an untrusted mapping becomes a message, or every problem that it has."""
