"""What may be asked before and after login: CAPA, LANG, QUIT."""

from mailaccess.pop3.capabilities import capabilities
from mailaccess.pop3.registry import ANY, Err, State, command
from mailaccess.pop3.session import Ended, Session
from mailaccess.storage.errors import StorageError

LANGUAGE = "en"


@command(b"CAPA", when=ANY, rfc=2449)
async def capa(session: Session) -> None:
    """RFC 2449 section 5"""
    session.lines("Capability list follows", capabilities(session))


def parse_lang(text: bytes) -> tuple[bytes]:
    """[SP language-range]"""
    return (text.lower(),)


@command(b"LANG", when=ANY, parse=parse_lang, capability=b"LANG", rfc=6856)
async def lang(session: Session, wanted: bytes) -> None:
    """RFC 6856 section 3. There is one language; `*` asks for the operator's choice."""
    if not wanted:
        session.lines("Language listing follows", [b"en English"])
    elif wanted in {b"*", b"en"} or wanted.startswith(b"en-"):
        session.ok(f"{LANGUAGE} Responses are in English")
    else:
        raise Err("This server speaks English only")


@command(b"QUIT", when=ANY)
async def quit_(session: Session) -> None:
    """RFC 1939 sections 5 and 6: after login, QUIT removes what is marked; then, in any case, the session ends."""
    if session.state is State.TRANSACTION:
        maildrop = session.maildrop
        try:
            await session.update()
        except StorageError as error:
            session.say_error(Err(f"Some messages marked as deleted were not removed: {error}", "SYS/TEMP"))
            raise Ended from None
        session.ok(f"Goodbye; {maildrop.counted} left" if maildrop.count else "Goodbye; the maildrop is empty")
    else:
        session.ok("Goodbye")
    raise Ended
