"""The steps of a study whose samples fit into memory: train, ask, distil, predict,
baselines."""
