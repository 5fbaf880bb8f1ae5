"""What a model to take home is made of: its file, its graph, its card."""
