"""POP3 (RFC 1939): a thin reader of the INBOX. Knows no file, socket, thread or clock.

Importing the package fills the command table.
"""

from mailaccess.pop3 import commands
from mailaccess.pop3.session import Pop3Settings, serve

__all__ = ["Pop3Settings", "commands", "serve"]
