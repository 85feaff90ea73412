"""What a session shares with its driver: input, output, and facts about the peer. No socket in sight."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from mailaccess.wire.reader import Reader

HIGH_WATER = 64 * 1024
"""Octets rendered and unsent at which a session awaits `traps.drained()`."""


@dataclass(slots=True)
class Peer:
    """Who is connected, and how."""

    address: str  # the client's address, as told by a trusted proxy or the socket
    port: int = 0
    tls: bool = False  # the wire is encrypted (or a trusted proxy said so)
    tls_available: bool = False  # STARTTLS / STLS can be offered
    loopback: bool = False
    tls_exporter: bytes | None = None  # RFC 9266 channel binding, for SCRAM-PLUS


def _nobody() -> None:
    """Stands in until a driver sets `wake`."""


def _nothing() -> bytes:
    """Stands in where a session has nothing to tell."""
    return b""


class Channel:
    """One connection as its session sees it."""

    __slots__ = (
        "_chunks",
        "account",
        "begun",
        "lifetime",
        "mid_response",
        "peer",
        "pending",
        "progress",
        "reader",
        "timeout",
        "wake",
        "woken",
    )

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.reader = Reader()
        self.account = ""  # whom the session works for, once that is known: accounts have turns at the threads
        self.timeout = 60.0  # seconds without input; the session sets what its state allows
        self.lifetime = inf  # seconds in which all input must have come; while nobody is logged in, a session sets it
        self.pending = 0  # octets written and not yet taken by the driver
        self.woken = False  # `wake` was called since the session last looked; the session clears it
        self.wake: Callable[[], None] = _nobody  # ends an Event wait; any thread may call it
        self.begun = 0  # commands; the session counts, so that its driver sees how long one takes
        self.progress: Callable[[], bytes] = _nothing  # what to tell the peer now and then while a command takes long
        self.mid_response = False  # what was written last ends within a literal: nothing else may be told now
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Queues output; it leaves when the session waits. Big chunks are passed on, never joined."""
        self._chunks.append(data)
        self.pending += len(data)

    def take_output(self) -> list[bytes]:
        """All that was written since the last call; the driver's."""
        chunks, self._chunks, self.pending = self._chunks, [], 0
        return chunks

    def end(self) -> None:
        """Nobody is at either end any more; the driver's. What refers to itself waits for the garbage collector."""
        self.wake, self.progress = _nobody, _nothing

    @property
    def full(self) -> bool:
        """Time to await `traps.drained()`."""
        return self.pending >= HIGH_WATER
