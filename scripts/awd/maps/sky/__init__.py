"""Simulated universes: cosmologies, particles, planes, convergence."""
