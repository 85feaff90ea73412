"""One module per family of commands; importing the package fills the table."""

from mailaccess.imap.commands import (
    append,
    compress,
    connection,
    copy,
    expunge,
    fetch,
    idle,
    language,
    listing,
    login,
    mailboxes,
    search,
    select,
    sort,
    status,
    store,
)

__all__ = [
    "append",
    "compress",
    "connection",
    "copy",
    "expunge",
    "fetch",
    "idle",
    "language",
    "listing",
    "login",
    "mailboxes",
    "search",
    "select",
    "sort",
    "status",
    "store",
]
