"""Statistics of maps."""
