"""Settings: the YAML in SSM Parameter Store, as values."""
