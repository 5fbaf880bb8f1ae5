"""From tracks to the samples of the cells study, and their checks and tables."""
