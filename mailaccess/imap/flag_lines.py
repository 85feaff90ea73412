"""How the flags of a message are told where no FETCH asked for them: after STORE, after a change by others, on the way
back into a mailbox. Each has a form for clients that know no sequence numbers (RFC 9586)."""

from collections.abc import Callable

FlagsLine = Callable[[int, int, bytes, int], bytes]
"""(sequence number, UID, flag list, mod-sequence) -> an untagged response."""


def flags(number: int, _uid: int, flags: bytes, _modseq: int) -> bytes:
    return b"* %d FETCH (FLAGS %s)\r\n" % (number, flags)


def flags_with_uid(number: int, uid: int, flags: bytes, _modseq: int) -> bytes:
    return b"* %d FETCH (UID %d FLAGS %s)\r\n" % (number, uid, flags)


def flags_with_modseq(number: int, uid: int, flags: bytes, modseq: int) -> bytes:
    return b"* %d FETCH (UID %d FLAGS %s MODSEQ (%d))\r\n" % (number, uid, flags, modseq)


def modseq(number: int, uid: int, _flags: bytes, modseq: int) -> bytes:
    return b"* %d FETCH (UID %d MODSEQ (%d))\r\n" % (number, uid, modseq)


def uidonly_flags(_number: int, uid: int, flags: bytes, _modseq: int) -> bytes:
    return b"* %d UIDFETCH (FLAGS %s)\r\n" % (uid, flags)


def uidonly_flags_with_modseq(_number: int, uid: int, flags: bytes, modseq: int) -> bytes:
    return b"* %d UIDFETCH (FLAGS %s MODSEQ (%d))\r\n" % (uid, flags, modseq)


def uidonly_modseq(_number: int, uid: int, _flags: bytes, modseq: int) -> bytes:
    return b"* %d UIDFETCH (MODSEQ (%d))\r\n" % (uid, modseq)
