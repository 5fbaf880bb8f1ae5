"""``python -m awd``: the command line, where no program of the name is installed."""

from awd.cli import main

main()
