"""Announce: what became of a message is told to the bus and to webhooks."""
