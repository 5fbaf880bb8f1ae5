"""From tracks to the samples of the cells study, and what is said of them."""
