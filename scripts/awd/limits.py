"""What can be simulated, for settings and simulators that know not each other."""

RANGES = {"omega_m": (0.1, 0.9), "sigma_8": (0.2, 1.6)}
