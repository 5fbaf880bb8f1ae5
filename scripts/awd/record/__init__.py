"""What ties a run to its data, code and settings, and lets it go on."""
