"""One IMAP connection from greeting to goodbye: commands are read, found, run and answered, one after the other."""

import logging

from mailaccess.imap import framing, opening, render, telling
from mailaccess.imap.errors import Bad, Bye, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.refusals import refusal
from mailaccess.imap.registry import BASE, COMMANDS, SELECTED, ImapCommand, State
from mailaccess.imap.session import ImapSettings, Session, uid_required
from mailaccess.storage.errors import StorageError
from mailaccess.wire.channel import Channel
from mailaccess.wire.reader import LineTooLong
from mailaccess.wire.traps import Closing, Gone, TimedOut, drained

log = logging.getLogger(__name__)

HTTP_VERBS = frozenset(
    [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE", b"PATCH", b"HELO", b"EHLO"]
)
"""First words of other protocols' clients: a browser tricked into talking to us is hung up on at once."""
NONSENSE_LIMIT = 3

REMOVE = frozenset([b"EXPUNGE", b"UID EXPUNGE", b"MOVE", b"UID MOVE", b"REPLACE", b"UID REPLACE"])
"""Commands whose answer is that messages have gone."""


class Conversation:
    """A session's commands."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._nonsense = 0

    async def _attend_until_line(self, limit: int) -> None:
        """ "the client listens for event notifications all the time (even when no command is in progress)" (RFC 5465
        3.1)"""
        session, channel = self._session, self._session.channel
        while not channel.reader.has_line() and channel.reader.buffered <= limit:
            if session.notifier is None or not session.notifier.attentive:
                return
            channel.woken = False
            try:
                await telling.update(session, expunges=not session.notifier.selected.delayed)
            except (Gone, TimedOut, Closing, Bye):
                raise
            except Exception:
                log.exception("a client could not be told what has happened")
                session.notifier.give_up("Internal error; it has been logged")
            if channel.full:
                await drained()
            await session.attend(session.settings.idle_timeout)

    async def command(self) -> None:
        """Reads one command and answers it."""
        session = self._session
        limit = session.max_line
        if session.notifier is not None:
            await self._attend_until_line(limit)
        try:
            line = await session.channel.reader.line(limit)
        except LineTooLong as too_long:
            await framing.refuse_rest(session.channel, too_long.end, limit)
            session.write(b"%s BAD A line may have %d octets\r\n" % (framing.tag_in(too_long.start), limit))
            self._count_nonsense()
            return
        if not line:
            return  # Apple Mail sends an empty line before some commands
        try:
            tag, rest = framing.split_tag(line)
        except Bad as bad:
            await framing.refuse_rest(session.channel, line, limit)
            session.untagged(b"BAD " + str(bad).encode())
            self._count_nonsense(line.split(b" ")[0])
            return
        session.tag = tag
        session.channel.begun += 1
        await self._answer(tag, rest)

    async def _answer(self, tag: bytes, rest: bytes) -> None:
        session = self._session
        spec: ImapCommand | None = None
        try:
            spec, arguments = await self._find(rest)
            session.by_uid, session.expunges = spec.by_uid, spec.expunges
            view = session.selected
            if view is not None and view.mailbox.rights_differ():
                await telling.heed_rights(session)
            if view is not None and view.mailbox.is_opening:
                await opening.before(session, spec.name)
            session.removes = spec.name in REMOVE
            text = await self._run(spec, arguments)
            await telling.update(session, expunges=session.expunges)
            session.write(tag + (spec.done if text is None else b" OK %s\r\n" % text))
            if session.afterwards is not None:
                afterwards, session.afterwards = session.afterwards, None
                await afterwards()
        except Bad as bad:
            code = b"[%s] " % bad.code if bad.code else b""
            session.write(b"%s BAD %s%s\r\n" % (tag, code, render.status_text(str(bad), utf8=session.utf8_texts)))
            if spec is None:
                self._count_nonsense(tag)
        except LineTooLong as too_long:
            await framing.refuse_rest(session.channel, too_long.end, session.max_line)
            session.write(b"%s BAD A line may have %d octets\r\n" % (tag, session.max_line))
        except (No, StorageError) as failure:
            no = failure if isinstance(failure, No) else refusal(failure)
            await telling.update(session, expunges=spec is not None and session.expunges)
            code = b"[%s] " % no.code if no.code else b""
            session.write(b"%s NO %s%s\r\n" % (tag, code, render.status_text(str(no), utf8=session.utf8_texts)))
        except (Gone, TimedOut, Closing, Bye):
            raise
        except Exception:
            log.exception("command %s failed", spec.name.decode() if spec else "?")
            session.write(tag + b" NO [SERVERBUG] Internal error; it has been logged\r\n")
        finally:
            session.removes, session.done = False, None

    async def _find(self, rest: bytes) -> tuple[ImapCommand, bytes]:
        """The command's entry and its argument text (literals not read yet)."""
        session = self._session
        name, _, arguments = rest.partition(b" ")
        if name.upper() == b"UID":
            second, _, arguments = arguments.partition(b" ")
            name = b"UID " + second
        spec = COMMANDS.get(name)
        if (
            spec is not None
            and spec.capability
            and BASE not in spec.rfc
            and session.without.issuperset(spec.capability)
        ):
            spec = None
        if spec is None or session.state not in spec.states:
            await framing.refuse_rest(session.channel, rest, session.max_line)
            if spec is None:
                raise Bad("Unknown command")
            raise Bad(f"{spec.name.decode()} is not allowed {_where(spec, session.state)}")
        if spec.by_number and session.uidonly:
            await framing.refuse_rest(session.channel, rest, session.max_line)
            raise uid_required()
        return spec, arguments

    async def _run(self, spec: ImapCommand, arguments: bytes) -> bytes | None:
        session = self._session
        if spec.stream:
            result: bytes | None = await spec.handler(session, arguments)
            return result
        if arguments.endswith(b"}"):
            arguments = await framing.rest_of_command(session.channel, arguments, session.max_command)
        parsed = spec.parse(Cursor(arguments, utf8=session.utf8))
        answer: bytes | None = await spec.handler(session, *parsed)
        session.done = spec.name, parsed
        return answer

    def _count_nonsense(self, word: bytes = b"") -> None:
        """Someone who is not logged in and does not speak IMAP is hung up on."""
        session = self._session
        if session.state is not State.NOT_AUTHENTICATED:
            return
        self._nonsense += 1
        if self._nonsense >= NONSENSE_LIMIT or word.upper() in HTTP_VERBS:
            raise Bye("This is an IMAP server")


def _where(spec: ImapCommand, state: State) -> str:
    """The state in which a command may not be given, in words."""
    if state is State.NOT_AUTHENTICATED:
        return "before login"
    return "while no mailbox is selected" if spec.when & SELECTED else "after login"


async def serve(channel: Channel, settings: ImapSettings) -> None:
    """Serves one client from greeting to goodbye."""
    session = Session(channel, settings)
    conversation = Conversation(session)
    try:
        session.untagged(b"OK [CAPABILITY %s] %s ready" % (session.capabilities(), settings.hostname.encode()))
        while not session.ended:
            await conversation.command()
            if channel.full:
                await drained()
    except TimedOut:
        why = "idle" if session.identity else "not logged in"
        session.untagged(b"BYE Autologout; %s for too long" % why.encode())
    except Closing:
        session.untagged(b"BYE The server is shutting down")
    except Bye as bye:
        session.untagged(b"BYE " + str(bye).encode())
    except Gone:
        pass
    finally:
        session.close()
