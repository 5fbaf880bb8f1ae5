"""Tracks that were made elsewhere."""
