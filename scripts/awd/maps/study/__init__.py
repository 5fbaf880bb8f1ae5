"""The steps of the maps study: maps stay in their file, filters come from banks."""
