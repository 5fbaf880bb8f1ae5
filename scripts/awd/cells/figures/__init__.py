"""Figures of movies and tracks."""
