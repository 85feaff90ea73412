"""The command line: one module per command. Nothing here is imported before its command is given.

program    finds the command and says what failed
serve      the server; `demo` with the sample mail, `container` in the image, `healthcheck` from outside
config     checks and shows the configuration
user       accounts
folder     mailboxes and who shares them; `quota`, `check`, `index` for the full text
deliver    one message into a mailbox

What they have in common:
context       the configuration read, the configured user become, the account found; `mail` opens it
installation  a directory with all a server needs; `samples` mail for it
"""

from mailaccess.cli.program import main

__all__ = ["main"]
