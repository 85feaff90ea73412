"""When a peer that waits for a long command is told how far it is (RFC 9585)."""

from twisted.internet.interfaces import IReactorTime

from mailaccess.wire.channel import Channel

INTERVAL = 10.0
"""Seconds between two words, and before the first."""


class Progress:
    """Of the command that one session is at."""

    def __init__(self, channel: Channel, clock: IReactorTime) -> None:
        self._channel = channel
        self._clock = clock
        self._command = -1  # the number of the command that the peer waits for, once we have noticed
        self._due = 0.0

    def note(self) -> float | None:
        """From here on, at the latest, the peer waits for the command that the session is at. If that is new: when it
        is to be told of."""
        if self._command == self._channel.begun:
            return None
        self._command = self._channel.begun
        return self._again()

    def forget(self) -> None:
        """We wait for the peer."""
        self._command = -1

    def due(self) -> float | None:
        """When the peer is to be told; None if it waits for nothing."""
        return self._due if self._command == self._channel.begun else None

    def tell(self, *, may_write: bool) -> float:
        """Writes the word that is due, but within no literal, and only if `may_write`; when the next one is due."""
        if may_write and not self._channel.mid_response:
            line = self._channel.progress()
            if line:
                self._channel.write(line)
        return self._again()

    def _again(self) -> float:
        self._due = self._clock.seconds() + INTERVAL
        return self._due
