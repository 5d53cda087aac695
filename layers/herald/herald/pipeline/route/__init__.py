"""Route: by which channel a message goes, and when."""
