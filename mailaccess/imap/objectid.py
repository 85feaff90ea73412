"""OBJECTID (RFC 8474): names of mailboxes, contents and threads that outlive moving and renaming.

Each begins with a letter of its kind, as 8.1 advises: no two of different kinds are equal, none looks like a number.
"""

import re

from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import feature

feature(b"OBJECTID", rfc=8474)

_OBJECTID = re.compile(rb"[A-Za-z0-9_-]{1,255}(?=[ )]|\Z)")


def mailboxid(guid: str) -> bytes:
    """Of a mailbox, by its GUID: as long as its UIDVALIDITY, and under another name too."""
    return b"F" + guid.encode()


def emailid(digest: bytes) -> bytes:
    """Of a message's content, which its copies have too."""
    return b"M" + digest.hex().encode()


def threadid(thread: int) -> bytes:
    """Of a thread, by the number that storage knows it by."""
    return b"T%016x" % thread


def parse(cursor: Cursor) -> bytes:
    """objectid = 1*255(ALPHA / DIGIT / "_" / "-")"""
    match = _OBJECTID.match(cursor.data, cursor.pos)
    if match is None:
        raise cursor.bad("an object identifier")
    cursor.pos = match.end()
    return match[0]
