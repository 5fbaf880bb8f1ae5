"""Figures of maps and of filters on maps."""
