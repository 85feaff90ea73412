"""One IMAP connection: greeting, commands one after the other, and what the client is told between them.

The session holds what outlives a command (state, user, selected mailbox, what was enabled); the commands stand in
`imap.commands`, what the client has been told of its mailbox in `imap.view`.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, Protocol, TypeVar

from mailaccess.auth.authenticator import Authenticator, Slot
from mailaccess.auth.backend import Identity
from mailaccess.imap import flag_lines, framing, render
from mailaccess.imap.errors import Bad, Bye, No
from mailaccess.imap.events import Selected
from mailaccess.imap.flag_lines import FlagsLine
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import render as render_numbers
from mailaccess.imap.permissions import flags_lines
from mailaccess.imap.progress import Progress
from mailaccess.imap.refusals import refusal
from mailaccess.imap.registry import BASE, COMMANDS, SELECTED, ImapCommand, State, capabilities
from mailaccess.imap.view import News, Ranges, View
from mailaccess.storage import rights
from mailaccess.storage.access import Access
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import NoSuchMailbox, NotSelectable, StorageError
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.channel import Channel
from mailaccess.wire.reader import LineTooLong
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, compute_steps, drained, event

log = logging.getLogger(__name__)

T = TypeVar("T")

HTTP_VERBS = frozenset(
    [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE", b"PATCH", b"HELO", b"EHLO"]
)
"""First words of other protocols' clients: a browser tricked into talking to us is hung up on at once."""
NONSENSE_LIMIT = 3

EVERYTHING = Selected(messages=True, flags=True)
"""What a client is told of the selected mailbox that does not say what it wants to be told."""
REMOVE = frozenset([b"EXPUNGE", b"UID EXPUNGE", b"MOVE", b"UID MOVE", b"REPLACE", b"UID REPLACE"])
"""Commands whose answer is that messages have gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """What the operator chose. Sizes in octets, times in seconds."""

    authenticator: Authenticator
    accounts: Accounts
    hostname: str = "localhost"
    max_line: int = 64 * 1024
    max_line_before_login: int = 4 * 1024
    max_command: int = 128 * 1024  # a command with its literals, other than messages
    max_append: int = 128 * 1024 * 1024  # one message, announced as APPENDLIMIT
    max_messages: int = 1_000_000  # that one command processes, announced as MESSAGELIMIT
    login_timeout: float = 60.0
    idle_timeout: float = 1830.0  # "MUST be at least 30 minutes" (RFC 3501 5.4)
    keepalive: float = 120.0  # between lines sent in an otherwise quiet IDLE
    url_applications: Mapping[str, frozenset[str]] = field(default_factory=dict)  # users who fetch URLs for others
    without: frozenset[bytes] = frozenset()  # capabilities, in upper case, not offered; nor is what they stand for
    admin: str = ""  # a URI: how to reach the administrator; shown as the annotation /shared/admin


class Notifier(Protocol):
    """What NOTIFY has asked for (RFC 5465); see `commands.notify`."""

    @property
    def selected(self) -> Selected:
        """What is told of the selected mailbox."""

    @property
    def attentive(self) -> bool:
        """Anything is told also while no command is in progress."""

    @property
    def patience(self) -> float | None:
        """Seconds after which to look for news although nothing was heard of any."""

    def brought(self, mailbox: Mailbox, uids: Collection[int]) -> None:
        """This client has put messages there."""

    async def tell(self, arrived: Ranges) -> None:
        """Tells all but what `update` does; `arrived`: of these messages the client has just heard."""

    def give_up(self, reason: str) -> None:
        """Nothing is told from now on, and the client hears so."""

    def close(self) -> None:
        """Ends it."""


class Session:
    """One client's state."""

    def __init__(self, channel: Channel, settings: ImapSettings) -> None:
        self.channel = channel
        self.settings = settings
        self.state = State.NOT_AUTHENTICATED
        self.identity: Identity | None = None
        self.without = settings.without  # and what the account's own settings add
        self.enabled: set[bytes] = set()  # what ENABLE, or a command that implies it, turned on
        self.saved: list[int] = []  # `$`: UIDs of the saved search result (RFC 5182)
        self.language_chosen = False  # by LANGUAGE, and it is not i-default
        self.by_uid = False  # the running command is the UID variant
        self.expunges = False  # expunges may be told at its end
        self.tag = b""
        self.ended = False
        self.compressed = False
        self.failed_logins = 0
        self.afterwards: Callable[[], Awaitable[None]] | None = None  # runs once, behind the tagged line
        self.watchers: list[Callable[[], Awaitable[None]]] = []  # tell more after each command than the view's news
        self.notifier: Notifier | None = None  # decides what is told, once NOTIFY was given
        self.done: tuple[bytes, tuple[Any, ...]] | None = None  # the command that has just been carried out
        self._account: Access | None = None
        self._view: View | None = None
        self._rights = rights.NONE  # to the selected mailbox, as the client was told
        self._slot: Slot | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._nonsense = 0
        self._removes = False  # the running command is one of REMOVE
        self._progress = Progress()
        channel.timeout = channel.lifetime = settings.login_timeout
        channel.progress = self._in_progress

    # -- what handlers ask for

    @property
    def account(self) -> Access:
        """The user's mail, and what others share with him; only commands that need a login get here."""
        assert self._account is not None
        return self._account

    @property
    def view(self) -> View:
        """The selected mailbox as this client knows it; only commands of the selected state get here."""
        assert self._view is not None
        return self._view

    @property
    def mailbox(self) -> Mailbox:
        """The selected mailbox."""
        return self.view.mailbox

    @property
    def selected(self) -> View | None:
        """The view if a mailbox is selected."""
        return self._view

    @property
    def utf8(self) -> bool:
        """Mailbox names are UTF-8 on this connection."""
        return self.utf8_accepted or self.rev2

    @property
    def utf8_accepted(self) -> bool:
        """By ENABLE UTF8=ACCEPT (RFC 6855)."""
        return b"UTF8=ACCEPT" in self.enabled

    @property
    def rev2(self) -> bool:
        """The client speaks IMAP4rev2 (RFC 9051); what is different then stands in `commands.revision`."""
        return b"IMAP4REV2" in self.enabled

    @property
    def utf8_texts(self) -> bool:
        """Texts for people may be UTF-8: in IMAP4rev2 (RFC 9051 9), and in a language that was chosen (RFC 5255 5)."""
        return self.rev2 or self.language_chosen

    @property
    def condstore(self) -> bool:
        """The client is aware of mod-sequences (RFC 7162 3.1)."""
        return b"CONDSTORE" in self.enabled

    @property
    def qresync(self) -> bool:
        """Expunges are told as VANISHED (RFC 7162 3.2)."""
        return b"QRESYNC" in self.enabled

    @property
    def uidonly(self) -> bool:
        """Messages have no sequence numbers (RFC 9586); what is different then stands in `commands.uidonly`."""
        return b"UIDONLY" in self.enabled

    def write(self, data: bytes) -> None:
        """Sends protocol text as it is."""
        self.channel.write(data)

    def untagged(self, text: bytes) -> None:
        """Sends `* text`."""
        self.channel.write(b"* %s\r\n" % text)

    def capabilities(self) -> bytes:
        """The capability list of this moment, space-separated. Every way of asking answers from here."""
        names = capabilities(self.state)
        if self.state is State.NOT_AUTHENTICATED:
            peer, authenticator = self.channel.peer, self.settings.authenticator
            if peer.tls_available and not peer.tls:
                names.append(b"STARTTLS")
            if not authenticator.plaintext_allowed(tls=peer.tls, loopback=peer.loopback):
                names.append(b"LOGINDISABLED")
            mechanisms = authenticator.mechanisms(tls=peer.tls, loopback=peer.loopback)
            names += [b"AUTH=" + mechanism.encode() for mechanism in mechanisms]
        missing = self.without | {b"COMPRESS=DEFLATE"} if self.compressed else self.without
        if missing:
            names = [name for name in names if name.upper() not in missing]
        limits = {b"APPENDLIMIT": self.settings.max_append}
        limits[b"MESSAGELIMIT"] = limits[b"SAVELIMIT"] = self.settings.max_messages
        return b" ".join(b"%s=%d" % (name, limits[name]) if name in limits else name for name in names)

    def expect(self, messages: int) -> None:
        """The running command has so many messages to go through, or so many more."""
        self._progress.expect(self.channel.begun, messages)

    def advance(self, messages: int) -> None:
        """It has gone through so many of them."""
        self._progress.advance(messages)

    def _in_progress(self) -> bytes:
        """What the client is told when a command takes long."""
        if self.state is State.NOT_AUTHENTICATED or b"INPROGRESS" in self.without:
            return b""
        return self._progress.line(self.channel.begun, self.tag)

    def ranges(self, numset: tuple[tuple[int, int], ...]) -> Ranges:
        """What the running command's set names, as sequence numbers of the view; `$` included."""
        if not numset:
            return self.view.resolve(tuple((uid, uid) for uid in self.saved), by_uid=True)
        return self.view.resolve(numset, by_uid=self.by_uid)

    def enable(self, name: bytes) -> None:
        """Turns an extension on for the rest of the connection."""
        if name in self.enabled:
            return
        self.enabled.add(name)
        if name == b"CONDSTORE" and self._view is not None:
            # "A first CONDSTORE enabling command executed in the session with a mailbox selected MUST cause the server
            # to return HIGHESTMODSEQ" (RFC 7162 3.1)
            self.untagged(b"OK [HIGHESTMODSEQ %d] Highest" % self._view.highest)

    # -- state

    async def log_in(self, identity: Identity) -> None:
        """Enters the authenticated state."""
        slot = await call(self.settings.authenticator.enter, identity, self.channel.peer.address)
        try:
            self._account = await call(self.settings.accounts.access, identity.user, identity.home)
        except BaseException:
            slot.leave()
            raise
        self._slot = slot
        self.identity = identity
        # Some clients break on some capabilities: an account's extra fields may say `imap_without=UIDONLY,IMAP4REV2`.
        own = identity.extra.get("imap_without", "").upper().encode()
        self.without = self.settings.without.union(filter(None, own.split(b",")))
        self.state = State.AUTHENTICATED
        self.channel.account = identity.user
        self.channel.timeout, self.channel.lifetime = self.settings.idle_timeout, inf

    def log_out(self) -> None:
        """Back to the not authenticated state: nothing is left of the user, of what was enabled, or of what was found
        (RFC 8437 4.1)."""
        self.close()
        self.state = State.NOT_AUTHENTICATED
        self.identity = self._account = None
        self.channel.account = ""
        self.enabled.clear()
        self.language_chosen = False
        self.without = self.settings.without
        self.watchers.clear()
        self.notifier = None
        self.channel.timeout = self.settings.login_timeout

    def select(self, view: View) -> None:
        """Enters the selected state."""
        self._view = view
        self._rights = view.mailbox.rights
        self._unsubscribe = view.mailbox.subscribe(self.channel.wake)
        self.state = State.SELECTED

    def unselect(self) -> None:
        """Leaves the selected state, if it is in it."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._view is not None:
            self._view.followers.clear()
        if self.state is SELECTED:
            self.state = State.AUTHENTICATED
        self._unsubscribe = self._view = None
        self.saved = []

    def close(self) -> None:
        """Gives back what the session holds."""
        self.unselect()
        if self.notifier is not None:
            self.notifier.close()
        if self._slot is not None:
            self._slot.leave()
            self._slot = None

    # -- what the client is owed

    async def update(self, *, expunges: bool) -> None:
        """Tells the client what others have done that it is to hear of."""
        notifier, arrived = self.notifier, Ranges()
        if self._view is not None:
            heeds = notifier.selected if notifier is not None else EVERYTHING
            arrived = await self._update(self._view, heeds, expunges=expunges)
        for watcher in self.watchers:
            await watcher()
        if notifier is not None:
            await notifier.tell(arrived)

    async def _update(self, view: View, heeds: Selected, *, expunges: bool) -> Ranges:
        """Brings the view up to date with disk and other sessions and tells the client. Returns what is new."""
        if view.mailbox.poll():
            await self._look(view.mailbox.sync)
        self._heed_rights(view)
        # Who is not to be told of expunges is told of his own.
        expunges &= heeds.messages or self._removes
        if not (heeds.messages or expunges):
            return []
        known = view.count
        flush = partial(view.flush, may_expunge=expunges, new=heeds.messages, flags=heeds.flags)
        news = await compute_steps(view.owed() * 10, flush)
        if news is None:
            return []
        followers = list(view.followers.values())
        if news.expunged:
            for follower in followers:
                await follower.expunged(news.expunged)
        if news.exists is not None:
            mailbox = view.mailbox
            first_recent = mailbox.recent_floor if view.read_only else await self._look(mailbox.claim_recent)
            if first_recent is not None and not self.rev2:
                view.add_recent(first_recent)
        await self._tell(view, news)
        for follower in followers:
            await follower.look()
        return [(known - len(news.expunged) + 1, news.exists)] if news.exists is not None else []

    def _heed_rights(self, view: View) -> None:
        """ "If the server checks the rights on each command, then it SHOULD send FLAGS and PERMANENTFLAGS responses if
        they have changed. If such server detects that the user no longer has read access to the mailbox, it MAY send an
        untagged BYE response and close connection": clients do not handle refusals well (RFC 4314 5.1.1)."""
        now = view.mailbox.rights
        if now is self._rights or now == self._rights:
            return
        if rights.READ not in now:
            raise Bye("The right to read the selected mailbox was withdrawn")
        self._rights = now
        view.keywords = None
        self.tell_keywords()

    async def _look(self, look: Callable[[], T]) -> T | None:
        """What `look` says; None if storage fails. Then the client hears the news later, and what it has asked for,
        which is done by now, is answered as what it is: told NO, a client would copy or append once more."""
        try:
            return await call(look)
        except (NoSuchMailbox, NotSelectable):
            raise Bye("The selected mailbox has been deleted") from None
        except StorageError as error:
            log.warning("no news of a mailbox: %s", error)
            return None

    async def _tell(self, view: View, news: News) -> None:
        """EXPUNGE or VANISHED, then EXISTS and RECENT, then FETCH: the order in which numbers stay true."""
        if news.expunged:
            vanished = self.qresync or self.uidonly
            self.write(await compute_steps(len(news.expunged) * 4, _expunged, news, vanished=vanished))
        if news.exists is not None:
            self.untagged(b"%d EXISTS" % news.exists)
            if not self.rev2:
                self.untagged(b"%d RECENT" % view.recent)
        self.tell_keywords()
        flags_fetch = self.flags_fetch()
        for number, uid, messages, row in news.changed:
            flags = render.flags(messages.flags[row], recent=view.is_recent(uid))
            self.write(flags_fetch(number, uid, flags, messages.modseqs[row]))
            if self.channel.full:
                await drained()
        if news.highest is not None and self.condstore:
            self.untagged(b"OK [HIGHESTMODSEQ %d] Highest of what was told" % news.highest)

    def tell_keywords(self) -> None:
        """FLAGS and PERMANENTFLAGS, if they are not what the client was told last: it learns of a keyword first."""
        view = self.view
        keywords = view.mailbox.keywords()
        if keywords == view.keywords:
            return
        view.keywords = keywords
        for line in flags_lines(view):
            self.untagged(line)

    def flags_fetch(self) -> FlagsLine:
        """How flags are told in this command: with what this client wants beside them."""
        if self.uidonly:
            return flag_lines.uidonly_flags_with_modseq if self.condstore else flag_lines.uidonly_flags
        if self.condstore:
            return flag_lines.flags_with_modseq
        # "If the server chooses to send unsolicited FETCH responses, they MUST include UID" (RFC 9051 7.5.2), and so
        # after NOTIFY (RFC 5465 5.1)
        with_uid = self.by_uid or self.rev2 or self.notifier is not None
        return flag_lines.flags_with_uid if with_uid else flag_lines.flags

    def modseq_fetch(self) -> FlagsLine:
        """How a mod-sequence is told alone."""
        return flag_lines.uidonly_modseq if self.uidonly else flag_lines.modseq

    def brought(self, mailbox: Mailbox, uids: Collection[int]) -> None:
        """The client has put messages into a mailbox: "The server SHOULD omit notifying the client if the event is
        caused by this client" (RFC 5465 section 5)."""
        if self.notifier is not None:
            self.notifier.brought(mailbox, uids)

    # -- commands

    async def attend(self, seconds: float) -> bool:
        """Waits for input or news, `seconds` at most. False: nothing of which to tell has happened so long."""
        patience = self.notifier.patience if self.notifier is not None else None
        await event(seconds if patience is None else patience)
        return patience is not None or self.channel.woken or self.channel.reader.fresh

    async def _attend_until_line(self, limit: int) -> None:
        """ "the client listens for event notifications all the time (even when no command is in progress)" (RFC 5465
        3.1)"""
        channel = self.channel
        while not channel.reader.has_line() and channel.reader.buffered <= limit:
            if self.notifier is None or not self.notifier.attentive:
                return
            channel.woken = False
            try:
                await self.update(expunges=not self.notifier.selected.delayed)
            except (Gone, TimedOut, Closing, Bye):
                raise
            except Exception:
                log.exception("a client could not be told what has happened")
                self.notifier.give_up("Internal error; it has been logged")
            if channel.full:
                await drained()
            await self.attend(self.settings.idle_timeout)

    async def command(self) -> None:
        """Reads one command and answers it."""
        limit = self._line_limit()
        if self.notifier is not None:
            await self._attend_until_line(limit)
        try:
            line = await self.channel.reader.line(limit)
        except LineTooLong as too_long:
            await framing.refuse_rest(self.channel, too_long.end, limit)
            self.write(b"%s BAD A line may have %d octets\r\n" % (framing.tag_in(too_long.start), limit))
            self._count_nonsense()
            return
        if not line:
            return  # Apple Mail sends an empty line before some commands
        try:
            tag, rest = framing.split_tag(line)
        except Bad as bad:
            await framing.refuse_rest(self.channel, line, limit)
            self.untagged(b"BAD " + str(bad).encode())
            self._count_nonsense(line.split(b" ")[0])
            return
        self.tag = tag
        self.channel.begun += 1
        await self._answer(tag, rest)

    async def _answer(self, tag: bytes, rest: bytes) -> None:
        spec: ImapCommand | None = None
        try:
            spec, arguments = await self._find(rest)
            self.by_uid, self.expunges = spec.by_uid, spec.expunges
            if self._view is not None and self._view.mailbox.rights_differ():
                await self._look(self._view.mailbox.sync)
                self._heed_rights(self._view)
            self._removes = spec.name in REMOVE
            text = await self._run(spec, arguments)
            await self.update(expunges=self.expunges)
            self.write(tag + (spec.done if text is None else b" OK %s\r\n" % text))
            if self.afterwards is not None:
                afterwards, self.afterwards = self.afterwards, None
                await afterwards()
        except Bad as bad:
            code = b"[%s] " % bad.code if bad.code else b""
            self.write(b"%s BAD %s%s\r\n" % (tag, code, render.status_text(str(bad), utf8=self.utf8_texts)))
            if spec is None:
                self._count_nonsense(tag)
        except LineTooLong as too_long:
            await framing.refuse_rest(self.channel, too_long.end, self._line_limit())
            self.write(b"%s BAD A line may have %d octets\r\n" % (tag, self._line_limit()))
        except (No, StorageError) as failure:
            no = failure if isinstance(failure, No) else refusal(failure)
            await self.update(expunges=spec is not None and self.expunges)
            code = b"[%s] " % no.code if no.code else b""
            self.write(b"%s NO %s%s\r\n" % (tag, code, render.status_text(str(no), utf8=self.utf8_texts)))
        except (Gone, TimedOut, Closing, Bye):
            raise
        except Exception:
            log.exception("command %s failed", spec.name.decode() if spec else "?")
            self.write(tag + b" NO [SERVERBUG] Internal error; it has been logged\r\n")
        finally:
            self._removes, self.done = False, None

    async def _find(self, rest: bytes) -> tuple[ImapCommand, bytes]:
        """The command's entry and its argument text (literals not read yet)."""
        name, _, arguments = rest.partition(b" ")
        if name.upper() == b"UID":
            second, _, arguments = arguments.partition(b" ")
            name = b"UID " + second
        spec = COMMANDS.get(name)
        if spec is not None and spec.capability and BASE not in spec.rfc and self.without.issuperset(spec.capability):
            spec = None
        if spec is None or not spec.when & self.state:
            await framing.refuse_rest(self.channel, rest, self._line_limit())
            if spec is None:
                raise Bad("Unknown command")
            raise Bad(f"{spec.name.decode()} is not allowed {_where(spec, self.state)}")
        if spec.by_number and self.uidonly:
            await framing.refuse_rest(self.channel, rest, self._line_limit())
            raise uid_required()
        return spec, arguments

    async def _run(self, spec: ImapCommand, arguments: bytes) -> bytes | None:
        if spec.stream:
            result: bytes | None = await spec.handler(self, arguments)
            return result
        whole = await framing.rest_of_command(self.channel, arguments, self._command_limit())
        parsed = spec.parse(Cursor(whole, utf8=self.utf8))
        answer: bytes | None = await spec.handler(self, *parsed)
        self.done = spec.name, parsed
        return answer

    def _line_limit(self) -> int:
        before = self.state is State.NOT_AUTHENTICATED
        return self.settings.max_line_before_login if before else self.settings.max_line

    def _command_limit(self) -> int:
        before = self.state is State.NOT_AUTHENTICATED
        return self.settings.max_line_before_login if before else self.settings.max_command

    def _count_nonsense(self, word: bytes = b"") -> None:
        """Someone who is not logged in and does not speak IMAP is hung up on."""
        if self.state is not State.NOT_AUTHENTICATED:
            return
        self._nonsense += 1
        if self._nonsense >= NONSENSE_LIMIT or word.upper() in HTTP_VERBS:
            raise Bye("This is an IMAP server")


def uid_required() -> Bad:
    """ "The server MUST include the UIDREQUIRED response code in such BAD responses" (RFC 9586 section 3)."""
    return Bad("Message numbers are not allowed once UIDONLY is enabled", b"UIDREQUIRED")


def _where(spec: ImapCommand, state: State) -> str:
    """The state in which a command may not be given, in words."""
    if state is State.NOT_AUTHENTICATED:
        return "before login"
    return "while no mailbox is selected" if spec.when & SELECTED else "after login"


def _expunged(news: News, *, vanished: bool) -> bytes:
    """`* VANISHED uid-set`, or an EXPUNGE for each."""
    if vanished:
        return b"* VANISHED %s\r\n" % render_numbers(sorted(uid for _, uid in news.expunged))
    return b"".join([b"* %d EXPUNGE\r\n" % number for number, _ in news.expunged])


async def serve(channel: Channel, settings: ImapSettings) -> None:
    """Serves one client from greeting to goodbye."""
    session = Session(channel, settings)
    try:
        session.untagged(b"OK [CAPABILITY %s] %s ready" % (session.capabilities(), settings.hostname.encode()))
        while not session.ended:
            await session.command()
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
