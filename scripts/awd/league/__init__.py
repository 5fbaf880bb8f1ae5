"""Every method on the same samples: splits, choice, students, scores."""
