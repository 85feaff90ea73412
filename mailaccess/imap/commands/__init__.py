"""One module per family of commands; importing the package fills the table.

connection   what concerns the connection alone; `login` becoming somebody, `language`, `compress`
mailboxes    CREATE to NAMESPACE; `listing` LIST and LSUB, `status`, `metadata`, `quota`, `acl`
select       entering and leaving a mailbox
fetch        messages read; `search`, `sort`, `multisearch`, and `context`, by which results are kept up to date
store        flags; `copy` and MOVE, `expunge`
append       new messages; `replace` in an old one's place
urlauth      URLs for others
idle         waiting for news; `notify` of which

Two have no commands, but say what ENABLE changes in others: `revision` (IMAP4rev2, UTF8=ACCEPT) and `uidonly`.
"""

from mailaccess.imap.commands import (
    acl,
    append,
    compress,
    connection,
    context,
    copy,
    expunge,
    fetch,
    idle,
    language,
    listing,
    login,
    mailboxes,
    metadata,
    multisearch,
    notify,
    quota,
    replace,
    revision,
    search,
    select,
    sort,
    status,
    store,
    uidonly,
    urlauth,
)
from mailaccess.imap.registry import FEATURES

__all__ = [
    "acl",
    "append",
    "compress",
    "connection",
    "context",
    "copy",
    "expunge",
    "fetch",
    "idle",
    "language",
    "listing",
    "login",
    "mailboxes",
    "metadata",
    "multisearch",
    "notify",
    "quota",
    "replace",
    "revision",
    "search",
    "select",
    "sort",
    "status",
    "store",
    "uidonly",
    "urlauth",
]


def optional_capabilities() -> frozenset[str]:
    """What a server or an account can be told not to offer."""
    return frozenset(feature.capability.decode().upper() for feature in FEATURES)
