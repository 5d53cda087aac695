"""Guard: what may be sent, how much of it, and what it may cost."""
