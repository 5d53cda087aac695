"""Send: from an accepted message to the end of its last attempt."""
