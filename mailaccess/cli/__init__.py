"""The command line: one module per command group. Nothing here is imported before its command is given."""

from mailaccess.cli.program import main

__all__ = ["main"]
