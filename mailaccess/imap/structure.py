"""ENVELOPE, BODY and BODYSTRUCTURE (RFC 3501 7.4.2), rendered from what `mail` found.

Values stand as the message has them, in its case; what it does not say, `mail` has filled in with the defaults of
RFC 2045.
"""

from collections.abc import Sequence

from mailaccess.imap.render import nstring, string
from mailaccess.mail.address import Address
from mailaccess.mail.envelope import Envelope
from mailaccess.mail.envelope import envelope as read_envelope
from mailaccess.mail.headers import Field, Parameter, fields
from mailaccess.mail.lines import Buffer
from mailaccess.mail.mime import Part

GLOBAL = b"message/global"

HEADER_READ = 1 << 20
"""Octets of a header that are looked at; what stands behind can be fetched, but not be asked for by name."""


def read_header(part: Part, data: Buffer) -> list[Field]:
    """The header fields of a message, or of one inside it."""
    return fields(data[part.header_start : min(part.header_end, part.header_start + HEADER_READ)])


def envelope(read: Envelope) -> bytes:
    """envelope = "(" date subject from sender reply-to to cc bcc in-reply-to message-id ")" """
    from_ = addresses(read.from_)
    return b"(%s %s %s %s %s %s %s %s %s %s)" % (
        nstring(read.date),
        nstring(read.subject),
        from_,
        from_ if read.sender is read.from_ else addresses(read.sender),
        from_ if read.reply_to is read.from_ else addresses(read.reply_to),
        addresses(read.to),
        addresses(read.cc),
        addresses(read.bcc),
        nstring(read.in_reply_to),
        nstring(read.message_id),
    )


def addresses(listed: Sequence[Address]) -> bytes:
    """ "(" 1*address ")" / nil, where address = "(" name adl mailbox host ")" """
    if not listed:
        return b"NIL"
    return b"(%s)" % b"".join(
        b"(%s %s %s %s)" % (nstring(one.name), nstring(one.route), nstring(one.mailbox), nstring(one.host))
        for one in listed
    )


def body(part: Part, data: Buffer, *, rev2: bool = False) -> tuple[bytes, bytes]:
    """BODY and BODYSTRUCTURE of a part of the message `data`, as IMAP4rev1 or as IMAP4rev2 has them.

    They differ in message/global: only in IMAP4rev2 it is told what is in it (RFC 9051 section 9, media-message).
    """
    if part.type.lower() == b"multipart":
        return _multipart(part, data, rev2)
    return _single_part(part, data, rev2)


def _multipart(part: Part, data: Buffer, rev2: bool) -> tuple[bytes, bytes]:
    """body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]"""
    pairs = [body(child, data, rev2=rev2) for child in part.children]
    subtype = string(part.subtype)
    extension = (_parameters(part.params), _disposition(part), _languages(part), nstring(part.location))
    return (
        b"(%s %s)" % (b"".join(pair[0] for pair in pairs), subtype),
        b"(%s %s %s)" % (b"".join(pair[1] for pair in pairs), subtype, b" ".join(extension)),
    )


def _single_part(part: Part, data: Buffer, rev2: bool) -> tuple[bytes, bytes]:
    """body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]"""
    basic = full = b"(%s %s %s %s %s %s %d" % (
        string(part.type),
        string(part.subtype),
        _parameters(part.params),
        nstring(part.id),
        nstring(part.description),
        string(part.encoding),
        part.size,
    )
    if part.children and (rev2 or part.kind != GLOBAL):
        inner = part.children[0]
        head = envelope(read_envelope(read_header(inner, data)))
        inner_basic, inner_full = body(inner, data, rev2=rev2)
        basic += b" %s %s %d" % (head, inner_basic, part.lines)
        full += b" %s %s %d" % (head, inner_full, part.lines)
    elif part.type.lower() == b"text":
        lines = b" %d" % part.lines
        basic += lines
        full += lines
    extension = (nstring(part.md5), _disposition(part), _languages(part), nstring(part.location))
    return basic + b")", b"%s %s)" % (full, b" ".join(extension))


def _parameters(params: Sequence[Parameter]) -> bytes:
    """body-fld-param = "(" string SP string *(SP string SP string) ")" / nil"""
    if not params:
        return b"NIL"
    return b"(%s)" % b" ".join(b"%s %s" % (string(name), string(value)) for name, value in params)


def _disposition(part: Part) -> bytes:
    """body-fld-dsp = "(" string SP body-fld-param ")" / nil"""
    if part.disposition is None:
        return b"NIL"
    kind, params = part.disposition
    return b"(%s %s)" % (string(kind), _parameters(params))


def _languages(part: Part) -> bytes:
    """body-fld-lang = nstring / "(" string *(SP string) ")" """
    if not part.languages:
        return b"NIL"
    return b"(%s)" % b" ".join(map(string, part.languages))
