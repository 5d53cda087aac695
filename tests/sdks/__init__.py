"""What vendors themselves give to their customers, pointed at the laptop's twins."""
