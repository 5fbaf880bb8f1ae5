"""What can be configured, how it is read, and how it is documented."""
