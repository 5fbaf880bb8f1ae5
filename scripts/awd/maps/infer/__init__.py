"""From statistics of maps to parameters of a cosmology."""
