"""The composition root: from settings to sockets, one or more processes, and in each storage, auth and factories."""

import os
import resource
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IListeningPort
from twisted.internet.main import installReactor

from mailaccess.auth.authenticator import Authenticator
from mailaccess.auth.ledger import Ledger
from mailaccess.config import ConfigError, Configuration, Endpoint, Settings, applying
from mailaccess.config.certificates import certificates
from mailaccess.config.grants import Grants
from mailaccess.imap import facts
from mailaccess.imap.session import ImapSettings
from mailaccess.net import garbage, listeners, logs
from mailaccess.net.factory import IMAPFactory, POP3Factory, SessionFactory, Shared
from mailaccess.net.reactor import Reactor
from mailaccess.net.tls import BadCertificate, Certificates
from mailaccess.net.watching import Lag, Watching
from mailaccess.net.workers import EX_CONFIG, Lifeline, Supervisor
from mailaccess.pop3.session import Pop3Settings
from mailaccess.privileges import unreadable
from mailaccess.storage import watch
from mailaccess.storage.accounts import Accounts, StorageSettings
from mailaccess.storage.errors import StorageError
from mailaccess.wire.traps import Lane

log = structlog.stdlib.get_logger(__name__)

GRACE = 8.0
"""Seconds that sessions have to end in; a container engine kills after 10."""
LAST_CALLS = 5.0
"""Seconds for calls that are still under way after that."""

Places = Mapping[str, Sequence[str]]
"""Where the server listens, by door."""
Sockets = dict[str, list[socket.socket]]


class Door(NamedTuple):
    """One kind of port."""

    name: str
    endpoints: Sequence[Endpoint]
    tls: bool


def run(configuration: Configuration, ready: Callable[[Places], None] = lambda _: None) -> None:
    """Serves until SIGTERM or SIGINT; SIGHUP reads accounts and certificates anew.

    `ready` is told where, once all is up, as is the log. Raises ConfigError, and OSError where a port cannot be had;
    SystemExit if the workers could not go on.
    """
    settings = configuration.settings
    logs.configure(settings.log.level, settings.log.format)
    _allow_many_files()
    shares = _bind(settings)
    places = {name: [_place(each) for each in sockets] for name, sockets in shares[0].items()}
    _drop_privileges(configuration)

    def up() -> None:
        log.info("ready", **places)
        ready(places)

    garbage.keep()
    if settings.workers == 1:
        Process(configuration, shares[0], None).serve(up)
        return
    ledger = ledger_path(places)

    def work(number: int, served: Callable[[], None], lifeline: int) -> None:
        for other, sockets in enumerate(shares):
            if other != number:
                _close(sockets)
        try:
            Process(configuration, shares[number], ledger).serve(served, lifeline)
        except ConfigError as error:
            for problem in error.problems:
                print(f"mailaccess: {problem}", file=sys.stderr)
            raise SystemExit(EX_CONFIG) from None

    status = Supervisor(settings.workers, work, grace=GRACE + LAST_CALLS, ready=up).run()
    if status:
        raise SystemExit(status)


class Process:
    """What one process consists of. It takes over the sockets."""

    def __init__(self, configuration: Configuration, sockets: Sockets, ledger: Path | None) -> None:
        """Raises ConfigError."""
        settings = configuration.settings
        security, limits = settings.security, settings.limits
        self.reactor: Any = Reactor()
        installReactor(self.reactor)  # type: ignore[no-untyped-call]
        logs.adopt_twisted()
        trusted = [str(network) for network in security.trusted_networks]
        self.shared = Shared(
            self.reactor,
            connections=_room(limits.connections),
            connections_per_address=limits.sessions_per_address,
            trusted=trusted,
            proxies=[str(network) for network in security.proxy_networks],
        )
        self.backend = applying.read_backend(configuration)
        self.certificates = certificates(configuration)
        self.ledger = Ledger(ledger, trusted=tuple(trusted))
        self.accounts = Accounts(
            StorageSettings(
                settings.storage.maildir,
                settings.storage.index,
                facts.build,
                facts.VERSION,
                facts.kin,
                sharing=applying.sharing(configuration, self.backend),
                quota=Grants(self.backend, settings.quota),
                full_text=settings.storage.full_text,
            )
        )
        self.watcher = watch.Watcher()
        self.watching = Watching(self.reactor, self.shared.lanes, self.watcher, self.accounts)
        authenticator = Authenticator(
            self.backend,
            self.ledger,
            security.plaintext_login,
            hostname=settings.hostname,
            max_parallel=-(-limits.password_checks // settings.workers),
            sessions_per_user=limits.sessions_per_user,
            sessions_per_address=limits.sessions_per_address,
        )
        self.factories = _factories(settings, authenticator, self.accounts, self.certificates, self.shared)
        self.sockets = sockets
        self.ports: list[IListeningPort] = []
        self.stopping = False

    def serve(self, ready: Callable[[], None], lifeline: int | None = None) -> None:
        """Until the signal to stop, or until the parent at the other end of `lifeline` is gone."""
        self.reactor.callWhenRunning(self._start, ready, lifeline)
        self.reactor.run()
        self._close_accounts()
        watch.install(None)
        self.watcher.close()
        self.ledger.close()
        log.info("stopped")

    def _close_accounts(self) -> None:
        """An account that is not closed is as after a crash: in order, but with more to do at its next opening."""
        if not self.shared.lanes.close(LAST_CALLS):
            log.error("storage was still at work when the time was up")
            return
        try:
            self.accounts.close()
        except StorageError as error:
            log.warning("accounts could not be closed in order: %s", error)

    def _start(self, ready: Callable[[], None], lifeline: int | None) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: self.reactor.callFromThread(self._stop))
        signal.signal(signal.SIGHUP, lambda *_: self.reactor.callFromThread(self._reload))
        if lifeline is not None:
            self.reactor.addReader(Lifeline(lifeline, self._orphaned))
        watch.install(self.watcher)
        self.watching.start()
        Lag(self.reactor).start()
        garbage.sweep(self.reactor)
        for name, sockets in self.sockets.items():
            self.ports += listeners.listen(self.reactor, sockets, self.factories[name])
        _close(self.sockets)
        ready()

    def _orphaned(self) -> None:
        log.error("the parent process is gone")
        self._stop()

    def _stop(self) -> None:
        """Sessions say goodbye. Asked a second time, they do not."""
        if self.stopping:
            if self.reactor.running:
                self.reactor.stop()
            return
        self.stopping = True
        log.info("stopping")
        self.watching.stop()
        closing: list[Deferred[Any]] = [factory.close(GRACE) for factory in self.factories.values()]
        gatherResults([listeners.stop(self.ports), *closing]).addBoth(lambda _: self.reactor.stop())

    def _reload(self) -> None:
        def done(_: object, error: Exception | None) -> None:
            if error is not None:
                log.error("could not reload", exc_info=error)

        self.shared.lanes.submit(self._read_anew, Lane.STORAGE, done)

    def _read_anew(self) -> None:
        try:
            self.backend.reload()
        except OSError as error:
            log.error("accounts could not be read anew", reason=str(error))  # noqa: TRY400 - a line says it all
        if self.certificates is not None:
            try:
                self.certificates.reload()
            except BadCertificate as error:
                log.error("certificates could not be read anew", reason=str(error))  # noqa: TRY400
        log.info("reloaded")


def _doors(settings: Settings) -> list[Door]:
    doors = [
        Door("imap", settings.imap.listen, tls=False),
        Door("imaps", settings.imap.listen_tls, tls=True),
        Door("pop3", settings.pop3.listen, tls=False),
        Door("pop3s", settings.pop3.listen_tls, tls=True),
    ]
    if settings.tls.certificate is None:
        log.warning("no certificate is configured: the TLS ports stay closed and STARTTLS is not offered")
        return [door for door in doors if not door.tls]
    return doors


def _bind(settings: Settings) -> list[Sockets]:
    """The sockets of each process."""
    shares: list[Sockets] = [{} for _ in range(settings.workers)]
    for door in _doors(settings):
        for endpoint in door.endpoints:
            for share, sockets in zip(shares, listeners.bind(*endpoint, settings.workers), strict=True):
                share.setdefault(door.name, []).extend(sockets)
    return shares


def _place(bound: socket.socket) -> str:
    return str(Endpoint(*bound.getsockname()[:2]))


def _close(sockets: Sockets) -> None:
    for each in sockets.values():
        listeners.close(each)


def _allow_many_files() -> None:
    """A connection is a descriptor, and the usual soft limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _room(connections: int) -> int:
    """How many connections there can be: they leave half of the descriptors for what they ask for."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if connections > descriptors // 2:
        log.warning("fewer connections than configured: descriptors are few", limit=descriptors // 2)
    return min(connections, descriptors // 2)


def _drop_privileges(configuration: Configuration) -> None:
    applying.become_user(configuration)
    for problem in unreadable([Path(os.__file__), Path(__file__)]):
        raise configuration.error(("security", "user"), f"expected one who may read Python and this program: {problem}")


def _factories(
    settings: Settings,
    authenticator: Authenticator,
    accounts: Accounts,
    certificates: Certificates | None,
    shared: Shared,
) -> dict[str, SessionFactory]:
    limits = settings.limits
    imap = ImapSettings(
        authenticator=authenticator,
        accounts=accounts,
        hostname=settings.hostname,
        max_line=limits.line,
        max_command=limits.command,
        max_append=limits.message_size,
        max_messages=limits.messages_per_command,
        login_timeout=limits.login_time,
        idle_timeout=limits.imap_idle,
        keepalive=settings.imap.idle_keepalive,
        without=frozenset(name.encode() for name in settings.imap.without),
        url_applications={name.lower(): frozenset(users) for name, users in settings.imap.url_applications.items()},
        admin=settings.imap.admin,
    )
    pop3 = Pop3Settings(
        authenticator=authenticator,
        accounts=accounts,
        hostname=settings.hostname,
        login_timeout=limits.login_time,
        idle_timeout=limits.pop3_idle,
        login_delay=settings.pop3.login_delay,
        expire=settings.pop3.expire,
        mark_seen=settings.pop3.mark_seen,
    )
    return {
        "imap": IMAPFactory(imap, tls=certificates, shared=shared),
        "imaps": IMAPFactory(imap, tls=certificates, implicit_tls=True, shared=shared),
        "pop3": POP3Factory(pop3, tls=certificates, shared=shared),
        "pop3s": POP3Factory(pop3, tls=certificates, implicit_tls=True, shared=shared),
    }


def ledger_path(places: Places) -> Path:
    """A file that all workers share, in a directory that only this user may enter; the same after a restart.

    Its content is worth nothing after a reboot. Where the usual place cannot be had, another one is made up.
    """
    digest = blake2b(repr(sorted(places.items())).encode(), digest_size=8).hexdigest()
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()):
        directory = Path(base or "/") / f"mailaccess-{os.getuid()}-{digest}"
        if base and _make_private(directory):
            return directory / "ledger"
    return Path(tempfile.mkdtemp(prefix="mailaccess-")) / "ledger"


def _make_private(directory: Path) -> bool:
    """Makes the directory, or finds it made by us: where all may write, somebody else can have been there before."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
