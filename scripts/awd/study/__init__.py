"""The steps of a study whose samples fit into memory: train, ask, distil, predict,
baselines; and what its network is worth that is handed over, handed."""
