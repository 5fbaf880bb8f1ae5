"""Compiled loops (numba): each a plain function of arrays, and nothing else."""
