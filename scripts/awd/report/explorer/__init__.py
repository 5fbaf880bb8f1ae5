"""The explorer: one HTML file in which a run is looked at with the mouse, offline."""
