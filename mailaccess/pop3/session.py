"""One POP3 connection: AUTHORIZATION, TRANSACTION, and UPDATE when the client says QUIT."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf

from mailaccess.auth import sasl
from mailaccess.auth.authenticator import Authenticator, Failed, NotAuthorized, Slot, TooManySessions, Unavailable
from mailaccess.auth.backend import Identity
from mailaccess.auth.sasl import Credentials
from mailaccess.pop3.maildrop import Maildrop
from mailaccess.pop3.registry import COMMANDS, Err, State
from mailaccess.storage import errors
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import StorageError
from mailaccess.wire.channel import Channel
from mailaccess.wire.reader import LineTooLong
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, delay, drained, event, verify

log = logging.getLogger(__name__)

MAX_LINE = 1024
"""Octets of a command: 255 by RFC 2449 section 4, more since names and passwords may be UTF-8."""
FOREIGN_WORDS = frozenset([b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"HELO", b"EHLO"])
"""First words of other protocols' clients: a browser tricked into talking to us is hung up on at once."""
NONSENSE_LIMIT = 3
SEEN_AFTER = 0.2
"""Seconds without a command after which what was retrieved is marked \\Seen ..."""
SEEN_TOGETHER = 200
"""... and messages that are marked without waiting for that."""
MAX_FAILURES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop3Settings:
    """What the operator chose. Times in seconds."""

    authenticator: Authenticator
    accounts: Accounts
    hostname: str = "localhost"
    login_timeout: float = 60.0
    idle_timeout: float = 600.0  # "MUST be of at least 10 minutes' duration" (RFC 1939 section 3)
    login_delay: int = 0  # between two sessions of one user, announced as LOGIN-DELAY; 0: none
    expire: int | None = None  # days after which the operator's own clean-up removes mail; None: never
    mark_seen: bool = True  # RETR sets \Seen


class Ended(Exception):  # noqa: N818
    """The session is over; all has been said."""


class Session:
    """One client's state."""

    def __init__(self, channel: Channel, settings: Pop3Settings) -> None:
        self.channel = channel
        self.settings = settings
        self.state = State.AUTHORIZATION
        self.challenge = b""  # the greeting's timestamp, when APOP can be used
        self.user: bytes | None = None  # given by USER
        self.utf8 = False
        self.afterwards: Callable[[], Awaitable[None]] | None = None  # runs once, behind the reply
        self._maildrop: Maildrop | None = None
        self._slot: Slot | None = None
        self._seen: list[int] = []
        self._failures = 0
        self._nonsense = 0
        channel.timeout = channel.lifetime = settings.login_timeout

    @property
    def maildrop(self) -> Maildrop:
        """The user's messages; only commands of the TRANSACTION state get here."""
        assert self._maildrop is not None
        return self._maildrop

    def ok(self, text: str) -> None:
        self.channel.write(b"+OK %s\r\n" % text.encode())

    def lines(self, text: str, lines: list[bytes]) -> None:
        """A multi-line response."""
        self.ok(text)
        self.channel.write(b"".join([b"%s\r\n" % line for line in lines] + [b".\r\n"]))

    def seen(self, number: int) -> None:
        """Notes that a message was retrieved; \\Seen is set when the client has asked nothing more for a moment, or
        has asked for many, or leaves: with each message, it would wait for the disk once more."""
        if self.settings.mark_seen:
            self._seen.append(number)

    def message(self, number: int) -> int:
        """A number of a message that is there and not marked."""
        if not 1 <= number <= len(self.maildrop.uids):
            raise Err(f"There is no message {number}; there are {len(self.maildrop.uids)}")
        if number in self.maildrop.deleted:
            raise Err(f"Message {number} is marked as deleted")
        return number

    # -- logging in

    def require_privacy(self) -> None:
        """A password in plain is taken only where the operator allows it."""
        peer = self.channel.peer
        if not self.settings.authenticator.plaintext_allowed(tls=peer.tls, loopback=peer.loopback):
            raise Err("A password may be sent here over TLS only; use STLS or port 995")

    async def log_in(self, credentials: Credentials) -> None:
        """Enters the TRANSACTION state with the maildrop locked, or refuses with the code of RFC 3206 and RFC 2449."""
        authenticator, address = self.settings.authenticator, self.channel.peer.address
        try:
            found = await verify(authenticator.verify_unless_penalized, credentials, address, "pop3")
            if isinstance(found, float):
                await delay(found)
                found = await verify(authenticator.verify, credentials, address, "pop3")
            self._slot, self._maildrop = await call(_enter, self.settings, found, address)
        except NotAuthorized as refused:
            raise Err(str(refused), "AUTH") from None
        except Failed as failed:
            await delay(failed.delay)
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                self.say_error(Err("Too many failed logins", "AUTH"))
                raise Ended from None
            raise Err("User name or password is wrong", "AUTH") from None
        except (Unavailable, TooManySessions) as refused:
            raise Err(str(refused), "SYS/TEMP") from None
        self.state = State.TRANSACTION
        self.channel.account = found.user
        self.channel.timeout, self.channel.lifetime = self.settings.idle_timeout, inf
        self.ok(f"{self.maildrop.counted} ({self.maildrop.octets} octets)")

    async def update(self) -> None:
        """The UPDATE state: what QUIT does in the TRANSACTION state."""
        await self.mark_seen()
        if self.maildrop.deleted:
            await call(self.maildrop.remove_deleted)

    def close(self) -> None:
        """Gives back what the session holds."""
        if self._maildrop is not None:
            self._maildrop.close()
        if self._slot is not None:
            self._slot.leave()

    # -- commands

    async def command(self) -> None:
        """Reads one command and answers it."""
        reader = self.channel.reader
        if self._seen and not reader.buffered:
            self.channel.woken = False
            await event(SEEN_AFTER)
            if not reader.buffered or len(self._seen) >= SEEN_TOGETHER:
                await self.mark_seen()
        try:
            line = await reader.line(MAX_LINE)
        except LineTooLong:
            raise Err(f"A line may have {MAX_LINE} octets") from None
        name, _, arguments = line.partition(b" ")
        spec = COMMANDS.get(name)
        if spec is None:
            self._count_nonsense(name)
            raise Err("Unknown command")
        if not spec.when & self.state:
            where = "after login" if self.state is State.TRANSACTION else "before login"
            raise Err(f"{spec.name.decode()} is not allowed {where}")
        # A trailing space is let through: Outlook sends `AUTH `.
        await spec.handler(self, *spec.parse(arguments if spec.name == b"PASS" else arguments.rstrip(b" ")))
        if self.afterwards is not None:
            afterwards, self.afterwards = self.afterwards, None
            await afterwards()

    async def answer(self) -> None:
        """One command, and whatever goes wrong with it."""
        try:
            await self.command()
        except Err as error:
            self.say_error(error)
        except StorageError as error:
            self.say_error(Err(str(error), _CODES.get(type(error), "SYS/PERM")))
        except (Gone, TimedOut, Closing, Ended):
            raise
        except Exception:
            log.exception("a POP3 command failed")
            self.say_error(Err("Internal error; it has been logged", "SYS/TEMP"))

    def say_error(self, error: Err) -> None:
        code = f"[{error.code}] " if error.code else ""
        self.channel.write(f"-ERR {code}{error}\r\n".encode("utf-8" if self.utf8 else "ascii", "replace"))

    def _count_nonsense(self, word: bytes) -> None:
        """Someone who is not logged in and does not speak POP3 is hung up on."""
        if self.state is State.TRANSACTION:
            return
        self._nonsense += 1
        if self._nonsense >= NONSENSE_LIMIT or word.upper() in FOREIGN_WORDS:
            self.say_error(Err("This is a POP3 server"))
            raise Ended

    async def mark_seen(self) -> None:
        """Sets \\Seen on what was retrieved. What cannot be marked was read all the same, and nobody has asked: the
        client waits for no answer."""
        numbers, self._seen = self._seen, []
        try:
            if numbers:
                await call(self.maildrop.mark_seen, numbers)
        except StorageError as error:
            log.warning("\\Seen could not be set: %s", error)


def _enter(settings: Pop3Settings, identity: Identity, address: str) -> tuple[Slot, Maildrop]:
    """Counts the session and opens the maildrop."""
    slot = settings.authenticator.enter(identity, address)
    try:
        return slot, Maildrop(settings.accounts.access(identity.user, identity.home), settings.login_delay)
    except BaseException:
        slot.leave()
        raise


_CODES: dict[type[StorageError], str] = {
    errors.MaildropBusy: "IN-USE",
    errors.MaildropResting: "LOGIN-DELAY",
    errors.MessageGone: "",
    errors.ContentChanged: "",
    errors.ShortRead: "SYS/TEMP",
    errors.DiskFull: "SYS/TEMP",
    errors.Unavailable: "SYS/TEMP",
}


async def serve(channel: Channel, settings: Pop3Settings) -> None:
    """Serves one client from greeting to goodbye. Only QUIT leads to UPDATE: a lost connection deletes nothing."""
    session = Session(channel, settings)
    if settings.authenticator.digest_logins:
        session.challenge = sasl.challenge(settings.hostname)
    try:
        session.ok(f"{settings.hostname} POP3 ready {session.challenge.decode()}".rstrip())
        while True:
            await session.answer()
            if channel.full:
                await drained()
    except Closing:
        session.say_error(Err("The server is shutting down", "SYS/TEMP"))
    except (Ended, Gone, TimedOut):
        pass  # it closes on who was idle "without removing any messages or sending any response" (RFC 1939 section 3)
    finally:
        try:
            await session.mark_seen()
        finally:
            session.close()
