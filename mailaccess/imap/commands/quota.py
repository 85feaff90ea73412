"""GETQUOTA, GETQUOTAROOT, SETQUOTA: how much there is, and how much there may be (RFC 9208; RFC 2087 before it)."""

from mailaccess.imap import render
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.storage.errors import NotPermitted
from mailaccess.storage.quota import Limits, Usage
from mailaccess.wire.traps import call

KIB = 1024
"""Octets of one unit of STORAGE (section 5.1)."""

Known = tuple[Usage, Limits] | None
"""Of a quota root; None: there are no limits."""

MOST_RESOURCES = 100
"""That one command may name."""
RESOURCES = (b"STORAGE", b"MESSAGE", b"MAILBOX")

feature(b"QUOTA", *(b"QUOTA=RES-" + resource for resource in RESOURCES), rfc=9208)


def parse_root(cursor: Cursor) -> tuple[bytes]:
    """getquota = "GETQUOTA" SP quota-root-name"""
    root = cursor.astring("the name of a quota root")
    cursor.end()
    return (root,)


def parse_mailbox(cursor: Cursor) -> tuple[str]:
    """getquotaroot = "GETQUOTAROOT" SP mailbox"""
    name = cursor.mailbox()
    cursor.end()
    return (name,)


def parse_set(cursor: Cursor) -> tuple[bytes, dict[bytes, int]]:
    """setquota = "SETQUOTA" SP quota-root-name SP "(" [setquota-resource *(SP setquota-resource)] ")" """
    root = cursor.astring("the name of a quota root")
    cursor.sp()
    cursor.expect(b"(")
    limits: dict[bytes, int] = {}
    for _ in () if cursor.skip(b")") else cursor.members(MOST_RESOURCES, "resources"):
        resource = cursor.atom("a resource").upper()
        cursor.sp()
        if resource in limits:
            raise Bad("A resource can be named once")
        limits[resource] = cursor.number64()
    cursor.end()
    return root, limits


@command(b"GETQUOTA", when=AUTHENTICATED, parse=parse_root, capability=b"QUOTA", rfc=9208)
async def getquota(session: Session, root: bytes) -> None:
    """RFC 9208 4.1.1"""
    await _tell(session, _name(root))


@command(b"GETQUOTAROOT", when=AUTHENTICATED, parse=parse_mailbox, capability=b"QUOTA", rfc=9208)
async def getquotaroot(session: Session, name: str) -> None:
    """RFC 9208 4.1.2. "the mailbox name parameter doesn't have to reference an existing mailbox." """

    def look() -> tuple[str, Known]:
        root = session.account.quota_roots.of(name)
        return root, session.account.quota_roots.look(root)

    root, known = await call(look)
    session.untagged(b"QUOTAROOT %s %s" % (render.mailbox(name, utf8=session.utf8), _rendered(root)))
    session.untagged(response(root, known))


@command(b"SETQUOTA", when=AUTHENTICATED, parse=parse_set, capability=b"QUOTASET", rfc=9208)
async def setquota(session: Session, root: bytes, limits: dict[bytes, int]) -> None:
    """RFC 9208 4.1.3. "even resource limits not explicitly listed" are discarded."""
    unknown = [resource for resource in limits if resource not in RESOURCES]
    if unknown:
        raise No(f"There is no limit of {unknown[0].decode('ascii', 'replace')} here", b"CANNOT")
    storage, messages, mailboxes = (limits.get(resource) for resource in RESOURCES)
    wanted = Limits(None if storage is None else storage * KIB, messages, mailboxes)
    try:
        await call(session.account.quota_roots.limit, _name(root), wanted)
    except NotPermitted:
        await _tell(session, _name(root))  # "The QUOTA response here is entirely optional"
        raise
    await _tell(session, _name(root))


async def _tell(session: Session, root: str) -> None:
    session.untagged(response(root, await call(session.account.quota_roots.look, root)))


def response(root: str, known: Known) -> bytes:
    """quota-response = "QUOTA" SP quota-root-name SP quota-list; what is not limited is not in the list."""
    if known is None:
        return b"QUOTA %s ()" % _rendered(root)
    usage, limits = known
    used = (-(-usage.storage // KIB), usage.messages, usage.mailboxes)
    allowed = (None if limits.storage is None else limits.storage // KIB, limits.messages, limits.mailboxes)
    listed = [
        b"%s %d %d" % (resource, there, limit)
        for resource, there, limit in zip(RESOURCES, used, allowed, strict=True)
        if limit is not None
    ]
    return b"QUOTA %s (%s)" % (_rendered(root), b" ".join(listed))


def _name(root: bytes) -> str:
    return root.decode("utf-8", "surrogateescape")


def _rendered(root: str) -> bytes:
    return render.astring(root.encode("utf-8", "surrogateescape"))
