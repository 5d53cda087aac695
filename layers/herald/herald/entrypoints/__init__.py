"""Entry points: the ways in. Translation only."""
