"""IMAP: grammar, commands and what one client has been told. Knows no file, socket, thread or clock.

Importing the package fills the command table.
"""

from mailaccess.imap import commands
from mailaccess.imap.session import ImapSettings, serve

__all__ = ["ImapSettings", "commands", "serve"]
