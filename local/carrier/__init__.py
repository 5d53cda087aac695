"""Carrier: the simulated vendors and phones of the laptop, and how the next texts fare."""
