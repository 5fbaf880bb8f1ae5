"""From statistics of maps to parameters of their cosmology."""
