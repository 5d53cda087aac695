"""Receive: what providers say later, and what people write back."""
