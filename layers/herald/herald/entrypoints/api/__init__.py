"""The HTTPS API."""
