"""One module per family of commands; importing the package fills the table."""

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
