"""What outlives a command: state, user, selected mailbox, what was enabled.

Commands are read and answered in `imap.serving` and stand in `imap.commands`; what the client has been told of its
mailbox, in `imap.view`, and how it hears of news, in `imap.telling`.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol, TypeVar

from mailaccess.auth.authenticator import Authenticator, Slot
from mailaccess.auth.backend import Identity
from mailaccess.imap import flag_lines
from mailaccess.imap.errors import Bad
from mailaccess.imap.events import Selected
from mailaccess.imap.flag_lines import FlagsLine
from mailaccess.imap.kept import Kept
from mailaccess.imap.permissions import flags_lines
from mailaccess.imap.progress import Progress
from mailaccess.imap.registry import SELECTED, State, capabilities
from mailaccess.imap.retold import Retold
from mailaccess.imap.view import Ranges, View
from mailaccess.storage import rights
from mailaccess.storage.access import Access
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import call, event

log = logging.getLogger(__name__)

T = TypeVar("T")


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
    without: frozenset[bytes] = frozenset()  # capabilities, in upper case, whose commands and ENABLE are not known
    admin: str = ""  # a URI: how to reach the administrator; shown as the annotation /shared/admin
    kept: Kept = field(default_factory=Kept)  # what FETCH has told
    retold: Retold = field(default_factory=Retold)  # and read


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
        self.enabled: set[bytes] = set()  # what ENABLE, or a command that implies it, turned on; and whether that is:
        self.utf8_accepted = False  # UTF8=ACCEPT (RFC 6855)
        self.rev2 = False  # IMAP4rev2 (RFC 9051); what is different then stands in `commands.revision`
        self.utf8 = False  # one of these: mailbox names are UTF-8
        self.condstore = False  # the client is aware of mod-sequences (RFC 7162 3.1)
        self.qresync = False  # expunges are told as VANISHED (RFC 7162 3.2)
        self.uidonly = False  # messages have no sequence numbers (RFC 9586); see `commands.uidonly`
        self.saved: list[int] = []  # `$`: UIDs of the saved search result (RFC 5182)
        self.language_chosen = False  # by LANGUAGE, and it is not i-default
        self.by_uid = False  # the running command is the UID variant
        self.expunges = False  # expunges may be told at its end
        self.removes = False  # its answer is that messages have gone
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
        self.rights_told = rights.NONE  # to the selected mailbox
        self._slot: Slot | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._progress = Progress()
        self.write = channel.write  # protocol text, as it is
        channel.timeout = channel.lifetime = settings.login_timeout
        channel.progress = self._in_progress
        self._limit(before_login=True)

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
    def utf8_texts(self) -> bool:
        """Texts for people may be UTF-8: in IMAP4rev2 (RFC 9051 9), and in a language that was chosen (RFC 5255 5)."""
        return self.rev2 or self.language_chosen

    def untagged(self, text: bytes) -> None:
        """Sends `* text`."""
        self.write(b"* %s\r\n" % text)

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
        self._note_enabled()
        if name == b"CONDSTORE" and self._view is not None:
            # "A first CONDSTORE enabling command executed in the session with a mailbox selected MUST cause the server
            # to return HIGHESTMODSEQ" (RFC 7162 3.1)
            self.untagged(b"OK [HIGHESTMODSEQ %d] Highest" % self._view.highest)

    def _note_enabled(self) -> None:
        """Each command asks several times; a set would be searched each time."""
        enabled = self.enabled
        self.utf8_accepted, self.rev2 = b"UTF8=ACCEPT" in enabled, b"IMAP4REV2" in enabled
        self.utf8 = self.utf8_accepted or self.rev2
        self.condstore, self.qresync = b"CONDSTORE" in enabled, b"QRESYNC" in enabled
        self.uidonly = b"UIDONLY" in enabled

    # -- state

    def _limit(self, *, before_login: bool) -> None:
        settings = self.settings
        self.max_line = settings.max_line_before_login if before_login else settings.max_line
        self.max_command = settings.max_line_before_login if before_login else settings.max_command

    async def log_in(self, identity: Identity) -> None:
        """Enters the authenticated state."""
        self._slot, self._account = await call(_enter, self.settings, identity, self.channel.peer.address)
        self.identity = identity
        # Some clients break on some capabilities: an account's extra fields may say `imap_without=UIDONLY,IMAP4REV2`.
        own = identity.extra.get("imap_without", "").upper().encode()
        self.without = self.settings.without.union(filter(None, own.split(b",")))
        self.state = State.AUTHENTICATED
        self._limit(before_login=False)
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
        self._note_enabled()
        self._limit(before_login=True)
        self.language_chosen = False
        self.without = self.settings.without
        self.channel.timeout = self.settings.login_timeout

    def select(self, view: View) -> None:
        """Enters the selected state."""
        self._view = view
        self.settings.retold.enter(view.mailbox)
        self.rights_told = view.mailbox.rights
        self._unsubscribe = view.mailbox.subscribe(self.channel.wake)
        self.state = State.SELECTED

    def unselect(self) -> None:
        """Leaves the selected state, if it is in it."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._view is not None:
            self._view.followers.clear()
            self.settings.retold.leave(self._view.mailbox)
        if self.state is SELECTED:
            self.state = State.AUTHENTICATED
        self._unsubscribe = self._view = None
        self.saved = []

    def close(self) -> None:
        """Gives back what the session holds."""
        self.unselect()
        self.watchers.clear()
        if self.notifier is not None:
            self.notifier.close()
            self.notifier = None
        if self._slot is not None:
            self._slot.leave()
            self._slot = None

    # -- what the client is owed

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

    async def attend(self, seconds: float) -> bool:
        """Waits for input or news, `seconds` at most. False: nothing of which to tell has happened so long."""
        patience = self.notifier.patience if self.notifier is not None else None
        await event(seconds if patience is None else patience)
        return patience is not None or self.channel.woken or self.channel.reader.fresh


def _enter(settings: ImapSettings, identity: Identity, address: str) -> tuple[Slot, Access]:
    """Counts the session and opens the mail."""
    slot = settings.authenticator.enter(identity, address)
    try:
        return slot, settings.accounts.access(identity.user, identity.home)
    except BaseException:
        slot.leave()
        raise


def uid_required() -> Bad:
    """ "The server MUST include the UIDREQUIRED response code in such BAD responses" (RFC 9586 section 3)."""
    return Bad("Message numbers are not allowed once UIDONLY is enabled", b"UIDREQUIRED")
