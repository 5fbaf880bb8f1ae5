"""Clathrin-pit tracks: made, read, and turned into the data set of the cells study."""

from awd import lazily

__getattr__, __dir__ = lazily(__name__, __path__, {})
