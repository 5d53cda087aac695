"""Explain: what would happen to a message if it was sent now: the way of a send, walked without writing anything."""
