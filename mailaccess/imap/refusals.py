"""The one place where what storage refuses becomes a response code (RFC 5530)."""

from mailaccess.imap.errors import No
from mailaccess.storage import errors

_CODES: dict[type[errors.StorageError], bytes] = {
    errors.NoSuchMailbox: b"NONEXISTENT",
    errors.MailboxExists: b"ALREADYEXISTS",
    errors.InvalidName: b"CANNOT",
    errors.NotSelectable: b"CANNOT",
    errors.NotPermitted: b"NOPERM",
    errors.UnknownUse: b"USEATTR",  # RFC 6154 section 3
    errors.NoSuchQuotaRoot: b"NONEXISTENT",
    errors.HasChildren: b"HASCHILDREN",  # RFC 9051 7.1
    errors.MessageGone: b"EXPUNGEISSUED",
    errors.ContentChanged: b"EXPUNGEISSUED",  # the message that was asked for is no more; a new one has its file
    errors.ShortRead: b"UNAVAILABLE",
    errors.TooBig: b"TOOBIG",
    errors.DiskFull: b"OVERQUOTA",
    errors.OverQuota: b"OVERQUOTA",
    errors.MaildropBusy: b"INUSE",
    errors.MaildropResting: b"INUSE",
    errors.LimitReached: b"LIMIT",
    errors.TooManyAnnotations: b"METADATA TOOMANY",
    errors.Unavailable: b"UNAVAILABLE",
}


def refusal(error: errors.StorageError) -> No:
    """The NO for a storage error."""
    return No(str(error), _CODES.get(type(error), b"UNAVAILABLE"))
