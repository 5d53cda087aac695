"""Health: which channels are in order, and how far messages are to keep away from those that are not."""
