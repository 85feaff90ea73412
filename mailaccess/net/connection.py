"""One connection: a Twisted protocol that answers the traps of its session.

Everything here runs in the reactor's thread, but for `wake`.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from mailaccess.net.deadlines import Deadlines
from mailaccess.net.deflate import Corrupt
from mailaccess.net.lanes import Lanes
from mailaccess.net.wiring import Wiring
from mailaccess.wire.channel import Channel, Peer
from mailaccess.wire.task import WAIT, Task
from mailaccess.wire.traps import Call, Closing, Delay, Drained, Event, Gone, Input, Lane, TimedOut, Turn

log = logging.getLogger(__name__)

MAX_BUFFERED = 256 * 1024
"""Octets of unread input at which we stop reading."""
LINGER = 10.0
"""Seconds a peer has to hang up once our last words are with the kernel, which delivers them in any case."""

Session = Callable[[Channel], Coroutine[Any, Any, None]]


@implementer(IPushProducer, IHandshakeListener, IHalfCloseableProtocol)
class Connection(Task, Protocol):
    """Drives one session. `ended` is called once, when the peer is gone and the session too."""

    _wiring: Wiring

    def __init__(
        self,
        session: Session,
        peer: Peer,
        clock: IReactorTime,
        lanes: Lanes,
        *,
        tls: TLSMemoryBIOFactory | None = None,
        implicit_tls: bool = False,
        apology: bytes = b"",
        ended: Callable[["Connection"], None] = lambda _: None,
    ) -> None:
        """`apology` is sent when the session fails."""
        super().__init__(Channel(peer))
        peer.tls_available = tls is not None and not implicit_tls
        self.channel.wake = self._wake
        self._session = session
        self._clock = clock
        self._lanes = lanes
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._apology = apology
        self._ended = ended
        self._deadlines = Deadlines(self.channel, clock, self._look_what_is_due)
        self._until = 0.0  # when the wait that the session is in is over, in whatever way
        self._whole = True  # what was sent ends where a line does
        self._started = False
        self._paused = False  # the transport wants no more output for now
        self._input_ended = False  # the peer has closed its direction
        self._gone = False
        self._closing = False  # the session is to be told, once
        self._stopping = False  # the server has no time to wait for the peer to hang up
        self._turn_due = False

    # -- what the transport tells

    def connectionMade(self) -> None:
        """Starts the session, over TLS after the handshake."""
        self._wiring = Wiring(self.transport, self.channel.reader)
        if self._wiring.encrypted:
            self._wait_at_most(self.channel.timeout)
        elif self._implicit_tls:
            self._begin_tls()
        else:
            self._wiring.pace(self)
            self._begin()

    def handshakeCompleted(self) -> None:
        """The wire is encrypted now."""
        peer = self.channel.peer
        peer.tls, peer.tls_available = True, False
        peer.tls_exporter = self._wiring.binding()
        self._wiring.pace(self)
        self._deadlines.be_active()
        if self._started:
            self.resume()
        else:
            self._begin()

    def dataReceived(self, data: bytes) -> None:
        """Hands input to the session, if that is what it waits for."""
        if self.finished:
            return  # read only so that closing does not reset the connection under our last words
        self._deadlines.be_active()
        self._wiring.feed(data)
        wanted = isinstance(self.waiting, Input | Event) and not self._paused
        if wanted and (not self._wiring.deflates or self._inflate()):
            self.resume()
        elif self._wiring.held > MAX_BUFFERED:
            self._read(False)

    def readConnectionLost(self) -> None:
        """The peer will send no more; it may still read: what it has sent is answered before it is taken for gone."""
        self._input_ended = True
        if self.finished:
            self._wiring.close()
        elif isinstance(self.waiting, Input | Event) and not self._turn_due:
            self.throw(Gone())

    def writeConnectionLost(self) -> None:
        """Our direction is closed, as we asked."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tells the session. A call under way is not interrupted; the session meets Gone when it is done."""
        self._gone = True
        if self.finished or not self._started:
            self._finish()
        elif not isinstance(self.waiting, Call):
            self.throw(Gone())

    def pauseProducing(self) -> None:
        """The transport has enough."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The transport has sent what it had."""
        self._paused = False
        if not self._turn_due and (isinstance(self.waiting, Drained | Turn) or self._has_news()):
            self._deadlines.be_active()
            self.resume()

    def stopProducing(self) -> None:
        """The transport is closing; connectionLost will follow."""

    # -- what the server tells

    def close(self) -> None:
        """The server is stopping. The session says goodbye where it waits for input, or when it next does."""
        self._stopping = True
        if not self._started:
            self.abort()
        elif self.finished:
            self._wiring.hang_up()
        elif isinstance(self.waiting, Input | Event | Delay | Turn):
            self.throw(Closing())
        else:
            self._closing = True

    def abort(self) -> None:
        """Ends the connection at once."""
        if not self._gone:
            self._wiring.abort()

    # -- what the session asks for

    def answer_input(self) -> object:
        """Sends what was written and waits."""
        self._flush()
        self._may_wait()
        self._deadlines.wait_for_peer()
        if self._inflate():
            return self._give_turn()
        if self._input_ended:
            raise Gone
        self._read(True)
        return WAIT

    def answer_event(self, seconds: float) -> object:
        """As input, but no longer than `seconds`."""
        answer = self.answer_input()
        self._wait_at_most(seconds)
        return answer

    def answer_drained(self) -> object:
        """Goes on at once while the transport takes what it is given."""
        self._flush()
        if self._gone:
            raise Gone
        if self._paused:
            self._wait_at_most(self.channel.timeout)
            return WAIT
        return self._give_turn()  # a goodbye in the middle of a message would be taken for a part of it

    def answer_turn(self) -> object:
        """Goes on at once for as long as the slice lasts."""
        self._may_wait()
        return self._give_turn()

    def answer_call(self, work: Call) -> object:
        """Hands it to a thread. That the peer is gone does not keep a session from tidying up: no computing."""
        self._flush()
        self._deadlines.note_work()
        if self._gone and work.lane is Lane.COMPUTE:
            raise Gone
        channel = self.channel
        self._lanes.submit(work.fn, work.lane, self._called, channel.account or channel.peer.address)
        return WAIT

    def answer_starttls(self) -> object:
        """Drops all plaintext input, so that none can be taken for protected (RFC 3501 6.2.1, RFC 2595 4)."""
        self._flush()
        if self._gone:
            raise Gone
        self.channel.reader.clear()
        self._wiring.pace(None)
        self._paused = False
        self._begin_tls()
        return WAIT

    def answer_compress(self) -> object:
        """What was already read behind the command is deflated, too."""
        self._flush()
        self._wiring.begin_deflate()
        return None

    def answer_inflated(self) -> object:
        """What follows the ends of both deflate streams is plain again."""
        self._flush(last=self._wiring.deflates)
        self._wiring.end_deflate()
        return None

    def answer_delay(self, seconds: float) -> object:
        """Waits, without reading: who must wait cannot make us hold what it sends."""
        self._flush()
        self._may_wait()
        self._read(False)
        self._wait_at_most(seconds)
        return WAIT

    def answer_end(self, failure: Exception | None) -> None:
        """Sends the last words and closes; the peer hangs up, or the time is up."""
        if failure is not None:
            if not isinstance(failure, Gone | TimedOut | Closing):
                log.error("session of %s failed", self.channel.peer.address, exc_info=failure)
                self.channel.write(self._apology)
            failure.__traceback__ = None  # which knows frames that know the failure, and us
        if self._gone:
            self._finish()
            return
        self._flush()
        self._wiring.pace(None)
        if self._wiring.encrypted or self._input_ended or self._stopping:
            self._wiring.close()
        else:
            # Closing a socket with unread input resets it, and the reset may overtake our last words.
            self._wiring.close_output()
            self._read(True)
        if self._stopping:
            self._wiring.hang_up()  # TLS would wait for the peer's own goodbye
        now = self._clock.seconds()
        self._until = now + self.channel.timeout
        self._deadlines.set(now + LINGER)

    # -- inner workings

    def _run(self, value: object, error: BaseException | None) -> None:
        """Whatever ends a wait, it was not, or is no longer, the turn that was due."""
        self._turn_due = False
        super()._run(value, error)

    def _begin(self) -> None:
        self._started = True
        self._deadlines.begin()
        self.start(self._session(self.channel))

    def _begin_tls(self) -> None:
        self._wait_at_most(self.channel.timeout)
        assert self._tls is not None
        self._wiring.begin_tls(self._tls, self)

    def _may_wait(self) -> None:
        """Raises what the session must hear before it waits for the peer."""
        if self._gone:
            raise Gone
        if self._closing:
            self._closing = False
            raise Closing

    def _flush(self, *, last: bool = False) -> None:
        """Sends what was written; `last`: and the end of the deflate stream."""
        if not self.channel.pending and not last:
            return
        chunks = self.channel.take_output()
        if chunks:
            self._whole = chunks[-1].endswith(b"\r\n")
        if not self._gone:
            self._wiring.send(chunks, last=last)

    def _read(self, wanted: bool) -> None:
        if not self._gone:
            self._wiring.read(wanted)

    def _inflate(self) -> bool:
        """Hands the reader more of what the peer has sent deflated, if there is more."""
        try:
            return self._wiring.deflates and self._wiring.inflate()
        except Corrupt:
            self.abort()
            return False

    def _give_turn(self) -> object:
        """Goes on if the slice lasts, else in the reactor's next round, or when the peer reads what it was sent."""
        if self._deadlines.slice_lasts and not self._paused:
            return None
        self._flush()
        if not self._turn_due:
            self._deadlines.note_work()
            self._turn_due = True
            self._clock.callLater(0, self._our_turn)
        return WAIT

    def _our_turn(self) -> None:
        due, self._turn_due = self._turn_due, False
        if due and self._paused:
            self._wait_at_most(self.channel.timeout)
        elif due:
            self._deadlines.be_active()
            self.resume()

    def _called(self, result: Any, error: Exception | None) -> None:
        self._deadlines.be_active()
        if error is not None:
            self.throw(error)
        else:
            self.resume(result)

    def _wake(self) -> None:
        """Any thread. A session that is not in an Event wait looks at `woken` before it enters one."""
        if not self.channel.woken:
            self.channel.woken = True
            if isinstance(self.waiting, Event):
                self._lanes.post(self._woken)

    def _has_news(self) -> bool:
        """While its output was not read, something happened that a session in an Input or Event wait is to be told."""
        if isinstance(self.waiting, Event) and (self.channel.woken or self._clock.seconds() >= self._until):
            return True
        read = self.channel.reader.fresh or self._inflate()
        return isinstance(self.waiting, Input | Event) and read

    def _woken(self) -> None:
        if isinstance(self.waiting, Event) and self.channel.woken and not self._paused:
            self._deadlines.begin_slice()
            self.resume()

    def _wait_at_most(self, seconds: float) -> None:
        self._until = self._clock.seconds() + seconds
        self._deadlines.set(self._until)

    def _due(self) -> float | None:
        """When the present wait is over."""
        if self._turn_due or isinstance(self.waiting, Call):
            return self._deadlines.work()
        if isinstance(self.waiting, Input) or (isinstance(self.waiting, Event) and self._paused):
            return self._deadlines.patience()
        return min(self._until, self._deadlines.patience()) if isinstance(self.waiting, Event) else self._until

    def _look_what_is_due(self) -> None:
        now = self._clock.seconds()
        if self.finished and now < self._until:
            self._linger()
            return
        due = self._due()
        if due is None:
            return  # the next wait for the peer sets the timer
        if now < due:
            self._deadlines.set(due)
        elif self._turn_due or isinstance(self.waiting, Call):
            self._deadlines.tell_of_work(may_write=self._whole and not self._paused)
            self._flush()
        elif isinstance(self.waiting, Input | Event) and now >= self._deadlines.patience():
            self._deadlines.be_active()
            self.throw(TimedOut())
        elif isinstance(self.waiting, Event | Delay):
            self._deadlines.begin_slice()
            self.resume()
        else:
            self.abort()

    def _linger(self) -> None:
        if self._wiring.is_drained:
            self._wiring.hang_up()
        else:
            self._deadlines.set(self._clock.seconds() + LINGER)

    def _finish(self) -> None:
        self._deadlines.end()
        self._ended(self)
        self.channel.end()
        del self.transport, self._wiring  # the TLS layer knows its producer to the end
