"""Figures: how the log lines of the functions become metrics, and what the metrics of the last hour say."""
