"""When one connection's waits are over. They are lazy: there is at most one timer, which on going off looks what is due
and is set anew, so that a command costs none.
"""

from collections.abc import Callable
from math import inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mailaccess.net.progress import Progress
from mailaccess.wire.channel import Channel

SLICE = 0.002
"""Seconds a session may run on input that is at hand before the others get their turn."""


def _nobody() -> None:
    """Stands in where nobody waits any more."""


class Deadlines:
    """Used in the reactor's thread only. Moments are those of the reactor's clock."""

    __slots__ = ("_began", "_channel", "_clock", "_fired", "_goes_off", "_progress", "_since", "_slice_ends", "_timer")

    def __init__(self, channel: Channel, clock: IReactorTime, fired: Callable[[], None]) -> None:
        """`fired` is called when something may be due."""
        self._channel = channel
        self._clock = clock
        self._fired = fired
        self._progress = Progress(channel, clock)
        self._timer: IDelayedCall | None = None
        self._goes_off = inf  # that timer
        self._began = clock.seconds()  # the session, once it has
        self._since = self._began  # when the peer last did something, or we last kept it waiting
        self._slice_ends = 0.0

    # -- who did what

    def begin(self) -> None:
        """So does the session."""
        self.be_active()
        self._began = self._since

    def be_active(self) -> None:
        """The peer has done something, or we have kept it waiting."""
        self._since = now = self._clock.seconds()
        self._slice_ends = now + SLICE

    def begin_slice(self) -> None:
        """It is the session's turn, for no doing of the peer."""
        self._slice_ends = self._clock.seconds() + SLICE

    @property
    def slice_lasts(self) -> bool:
        """The others need not have their turn yet."""
        return self._clock.seconds() < self._slice_ends

    def note_work(self) -> None:
        """From here on, at the latest, the peer waits for the command that the session is at."""
        due = self._progress.note()
        if due is not None:
            self.set(due)

    # -- how long to wait

    def wait_for_peer(self) -> None:
        """For as long as it may be silent."""
        self._progress.forget()
        due = self._since + self._channel.timeout
        if due < self._goes_off or self._channel.lifetime < inf:
            self.set(self.patience())

    def patience(self) -> float:
        """When a wait for the peer is over."""
        return min(self._since + self._channel.timeout, self._began + self._channel.lifetime)

    def work(self) -> float | None:
        """When the peer is to hear of the command that the session is at; None if it waits for none."""
        return self._progress.due()

    def tell_of_work(self, *, may_write: bool) -> None:
        """Writes what it is to hear, if it may be written."""
        self.set(self._progress.tell(may_write=may_write))

    def set(self, due: float) -> None:
        """Sees to it that the timer goes off at `due` or before."""
        if self._timer is not None:
            if self._goes_off <= due:
                return
            self._timer.cancel()
        self._timer = self._clock.callLater(max(0.0, due - self._clock.seconds()), self._go_off)
        self._goes_off = due

    def end(self) -> None:
        """There is nothing to wait for. Whom the timer would have told is forgotten."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._fired = _nobody

    def _go_off(self) -> None:
        self._timer, self._goes_off = None, inf
        self._fired()
