"""POP3 (RFC 1939): a thin reader of the INBOX. Knows no file, socket, thread or clock.

Importing the package fills the command table.

session       one connection
registry      the command table, `@command`; `capabilities` what CAPA says of it
commands/     the handlers, one module for each state
maildrop      the INBOX as it was at login
stuffing      multi-line responses
"""

from mailaccess.pop3 import commands
from mailaccess.pop3.session import Pop3Settings, serve

__all__ = ["Pop3Settings", "commands", "serve"]
