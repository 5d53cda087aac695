"""API keys and what their owners may do."""
