"""The doors: what comes in and what is answered, by recorded events and by the running service."""
