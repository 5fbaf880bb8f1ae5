"""Studies of one's own: samples from a file or a function, a network brought."""
