"""COMPRESS: from its tagged OK on, both directions are deflated (RFC 4978)."""

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command
from mailaccess.imap.session import Session
from mailaccess.wire.traps import compress as begin_compression


def parse_compress(cursor: Cursor) -> tuple[()]:
    """compress = "COMPRESS" SP algorithm; algorithm = "DEFLATE" """
    if cursor.word("DEFLATE") != b"DEFLATE":
        raise Bad("The only algorithm is DEFLATE")
    cursor.end()
    return ()


@command(b"COMPRESS", when=AUTHENTICATED, parse=parse_compress, capability=b"COMPRESS=DEFLATE", rfc=4978)
async def compress(session: Session) -> bytes:
    """RFC 4978 3. A second time is BAD; the code says which layer it is for clients that look for it only."""
    if session.compressed:
        raise Bad("DEFLATE is active already", b"COMPRESSIONACTIVE")
    session.compressed = True
    session.afterwards = begin_compression
    return b"DEFLATE active"
