"""The commands: ``herald keys|settings|optouts|webhooks|receipts|redrive``."""
