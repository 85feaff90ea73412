"""IMAP URLs (RFC 5092): which octets of which message they name, and who may have them (RFC 4467, RFC 5593).

Pure. A URL is read as text: nothing here knows whether there is such a mailbox, message or user.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_to_bytes

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import MAX_NUMBER, MAX_NUMBER64, Cursor
from mailaccess.imap.section import Section, parse_section

_ALLOWED = re.compile(rb"(?:[!$&-;=?-Z_a-z~\[\]]|%[0-9A-Fa-f]{2})*\Z")  # reserved and unreserved characters but "#"
_START = re.compile(rb"(?:imap:)?//([^/?]*)", re.IGNORECASE)
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*:")
_AUTHORITY = re.compile(
    rb"(?:(?P<user>[^;@]*(?:@[^;@]*)*?)(?:;AUTH=(?P<mechanism>[^;@]+))?@)?"
    rb"(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:;\[\]]+)(?::\d{0,5})?\Z",
    re.IGNORECASE,
)
_PATH = re.compile(
    rb"(?P<mailbox>[^;\[\]]*?)(?:;UIDVALIDITY=(?P<uidvalidity>\d{1,10}))?"
    rb"(?:/;UID=(?P<uid>\d{1,10})(?:/;SECTION=(?P<section>[^;\[\]]+?))?"
    rb"(?:/;PARTIAL=(?P<first>\d{1,19})(?:\.(?P<length>\d{1,19}))?)?"
    rb"(?:(?:;EXPIRE=(?P<expire>[^;]+))?;URLAUTH=(?P<urlauth>[^;]+))?)?/?\Z",
    re.IGNORECASE,
)
_URLAUTH = re.compile(
    rb"(?P<application>[A-Za-z0-9]+)(?:\+(?P<user>[^:/]+))?"
    rb"(?P<verifier>:(?P<mechanism>[A-Za-z0-9.\-]+):(?P<token>[0-9A-Fa-f]{32,}))?\Z"
)
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))\Z", re.ASCII | re.IGNORECASE
)
_WHOLE = Section()
_OF_A_USER = {"user", "submit"}
_OF_NOBODY = {"authuser", "anonymous"}


class BadUrl(ValueError):  # noqa: N818 - as the response code is called
    """It is no IMAP URL; says what was expected."""


@dataclass(frozen=True, slots=True)
class Server:
    """iserver: whose mailboxes on which host. `user` is None if none is named; the port is not kept."""

    user: str | None
    host: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """iurlauth, or its rump: who may have the octets, until when, and what proves it."""

    application: str  # "user", "submit", "authuser", "anonymous", or another's name (RFC 5593), in lower case
    user: str | None  # on whose behalf, for user+ and submit+
    expires: int | None  # seconds since the epoch
    rump: bytes  # the URL as far as the token speaks for it
    mechanism: bytes = b""  # in upper case; empty in a rump URL
    token: bytes = b""  # hexadecimal digits, at least 32


@dataclass(frozen=True, slots=True)
class ImapUrl:
    """What a URL names."""

    server: Server | None  # None in a relative URL
    mailbox: str | None  # None: that of the URL it is relative to
    uidvalidity: int | None = None
    uid: int | None = None  # None: the whole mailbox, the server, or a search
    section: Section = _WHOLE
    authorization: Authorization | None = None


def parse(text: bytes) -> ImapUrl:
    """imapurl, authimapurlfull, authimapurlrump and imapurl-rel; raises BadUrl.

    "Implementations MUST NOT generate or accept relative-path IMAP references" (7.2); but one that begins with `;UID=`
    names a message of the mailbox it is relative to (9.1).
    """
    if not _ALLOWED.match(text):
        raise BadUrl("a URL has none of its characters raw that stand for something else, and none beyond ASCII")
    start = _START.match(text)
    if start is None and _SCHEME.match(text):
        raise BadUrl("the URL is of another scheme than imap")
    server = _server(start[1]) if start is not None else None
    path, question, _ = text[start.end() if start else 0 :].partition(b"?")
    if path[:1] == b"/":
        within_base = False
        path = _without_dot_segments(path)[1:]
    elif path[:5].upper() == b";UID=" and server is None:
        within_base = True
        path = b"/" + path
    elif path:
        raise BadUrl("a relative URL begins with a slash, or with ;UID=")
    else:
        return ImapUrl(server, None)
    match = _PATH.match(path)
    if match is None or (question and match["uid"]):
        raise BadUrl("expected /mailbox;UIDVALIDITY=n/;UID=n/;SECTION=part/;PARTIAL=first.length")
    if not match["mailbox"] and not within_base and match["uid"]:
        raise BadUrl("the URL names no mailbox")
    return ImapUrl(
        server=server,
        mailbox=_text(match["mailbox"]) or None,
        uidvalidity=_number(match["uidvalidity"]),
        uid=_number(match["uid"]),
        section=_section(match),
        authorization=_authorization(text, match),
    )


def _server(authority: bytes) -> Server:
    match = _AUTHORITY.match(authority)
    if match is None:
        raise BadUrl("expected user@host behind imap://")
    return Server(_text(match["user"]) if match["user"] else None, _text(match["host"]).lower())


def _without_dot_segments(path: bytes) -> bytes:
    """RFC 3986 5.2.4, of a path that begins with a slash."""
    if b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)


def _text(encoded: bytes) -> str:
    """What percent-encoded UTF-8 stands for (section 8)."""
    try:
        text = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise BadUrl("names in a URL are percent-encoded UTF-8") from None
    if "\0" in text:
        raise BadUrl("a name has no NUL")
    return text


def _number(digits: bytes | None) -> int | None:
    """nz-number"""
    if digits is None:
        return None
    value = int(digits)
    if not 0 < value <= MAX_NUMBER:
        raise BadUrl(f"UIDs run from 1 to {MAX_NUMBER}")
    return value


def _section(match: re.Match[bytes]) -> Section:
    section = _WHOLE
    if match["section"]:
        cursor = Cursor(b"[%s]" % unquote_to_bytes(match["section"]))
        try:
            _, section = parse_section(cursor)
        except Bad as bad:
            raise BadUrl(f"the URL's section is none: {bad}") from None
        if not cursor.at_end() or section.length is not None:
            raise BadUrl("the URL's section is none")
    if match["first"]:
        first, length = int(match["first"]), int(match["length"] or MAX_NUMBER64)
        if not length or max(first, length) > MAX_NUMBER64:
            raise BadUrl("a partial range is its first octet and how many there are")
        section = replace(section, origin=first, length=length)
    return section


def _authorization(url: bytes, match: re.Match[bytes]) -> Authorization | None:
    if not match["urlauth"]:
        return None
    found = _URLAUTH.match(match["urlauth"])
    application = found["application"].decode().lower() if found else ""
    user = _text(found["user"]) if found and found["user"] else None
    if found is None or application in (_OF_NOBODY if user else _OF_A_USER):
        raise BadUrl("expected ;URLAUTH=access, and behind it :mechanism:token")
    verifier = found["verifier"] or b""
    if verifier and not url.endswith(verifier):
        raise BadUrl("the URL goes on behind its token")
    return Authorization(
        application=application,
        user=user,
        expires=_moment(match["expire"]) if match["expire"] else None,
        rump=url.removesuffix(verifier),
        mechanism=(found["mechanism"] or b"").upper(),
        token=found["token"] or b"",
    )


def _moment(encoded: bytes) -> int:
    """date-time (RFC 3339) as seconds since the epoch."""
    match = _DATE_TIME.match(_text(encoded))
    if match is None:
        raise BadUrl("expected ;EXPIRE= and a moment such as 2026-11-23T12:00:00Z")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    try:
        begun = datetime(year, month, day, hour, minute, tzinfo=UTC)
        shift = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
        moment = begun - shift if match[7] == "+" else begun + shift
    except (ValueError, OverflowError):
        raise BadUrl("there is no such moment") from None
    if second > 60:
        raise BadUrl("there is no such moment")
    return int(moment.timestamp()) + second
