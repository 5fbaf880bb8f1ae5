"""From tracks to the samples of the cells study, and their checks and tables."""

FEW_CELLS = 4  # with fewer, the tiles of their fields are the groups
