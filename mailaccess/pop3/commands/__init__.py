"""One module per state; importing the package fills the table.

authorization  becoming somebody
transaction    reading the maildrop
both           what may be asked before and after
"""

from mailaccess.pop3.commands import authorization, both, transaction

__all__ = ["authorization", "both", "transaction"]
