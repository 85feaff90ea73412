"""The two servers, on loopback: the same passwd-file, the same certificate, a copy of the same mail each."""

import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from mailaccess.auth.schemes import hash_password
from tests.e2e.running import PATIENCE, Server, lay_out

NOBODY = 65534
"""Whose the mail is, when the benchmark runs as root; Dovecot will not have it otherwise."""

LOOK, QUIET = 0.25, 4
"""Seconds between two looks at what a server does, and at how many nothing was to be seen."""

_MORE = """\
[limits]
sessions_per_user = 5000
sessions_per_address = 20000
connections = 20000
[log]
level = "debug"
"""

_DOVECOT = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{home}/mail/%u
mail_max_userip_connections = 0
passdb {{
  driver = passwd-file
  args = {home}/users
}}
userdb {{
  driver = passwd-file
  args = {home}/users
}}
default_process_limit = 5000
default_client_limit = 20000
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 5000
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


class Peer(ABC):
    """A server under test: its name, its ports, its mail."""

    name: str
    ports: dict[str, int]

    def __init__(self, home: Path) -> None:
        self.home = home

    def maildir(self, user: str) -> Path:
        return self.home / "mail" / user

    @abstractmethod
    def processes(self) -> list[int]:
        """Those that serve, its parent first."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it, and waits for that."""

    def processor(self) -> float:
        """Seconds of processor time that those which are there have used."""
        return sum(map(processor, self.processes()))

    def written(self) -> int:
        """Octets that they have written, to files and sockets."""
        return sum(map(_written, self.processes()))

    def settle(self, most: float = 300.0) -> Self:
        """Waits until it does nothing any more, or so many seconds."""
        until = time.monotonic() + most
        used, quiet = self.processor(), 0
        while quiet < QUIET and time.monotonic() < until:
            time.sleep(LOOK)
            last, used = used, self.processor()
            quiet = quiet + 1 if used - last < LOOK * 0.05 else 0
        return self

    def memory(self) -> int:
        """Octets of proportional set size of all its processes."""
        return sum(map(_pss, self.processes()))

    def index_texts(self, user: str) -> float:
        """Completes the full-text index of the user's mail, where there is one; seconds of processor time that took."""
        return 0.0

    def lag(self) -> float:
        """Milliseconds, where the server says that."""
        return 0.0

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS context that knows the server's certificate."""
        return ssl.create_default_context(cafile=str(self.home / "cert.pem"))


class Ours(Peer):
    """This project."""

    name = "mailaccess"

    def __init__(self, home: Path, users: list[str], workers: int = 2, *, hashed: Sequence[str] = ()) -> None:
        super().__init__(home)
        config = lay_out(home, workers, _MORE)
        _enter(home, users, hashed)
        self.server = Server(config).ready()
        self.ports = self.server.ports

    def processes(self) -> list[int]:
        return list(_tree(self.server.process.pid))

    def stop(self) -> None:
        self.server.stop()

    def index_texts(self, user: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "mailaccess", "index", user, "--config", str(self.server.config)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def lag(self) -> float:
        """The most milliseconds by which a reactor was late since this was last asked, as the server says."""
        return max((float(each.split()[-2]) for each in self.server.news("^the reactor was late by ")), default=0.0)


class Dovecot(Peer):
    """Debian's, as installed, but for limits that would refuse the clients."""

    name = "Dovecot"

    def __init__(self, home: Path, users: list[str], *, hashed: Sequence[str] = ()) -> None:
        super().__init__(home)
        lay_out(home)  # for the certificate
        _enter(home, users, hashed)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(home / "mail")], check=True)
        self.ports = {door: _free_port() for door in ("imap", "imaps", "pop3")}
        config = home / "dovecot.conf"
        config.write_text(_DOVECOT.format(home=home, **self.ports))
        self._process = subprocess.Popen([str(program()), "-F", "-c", str(config)], stdin=subprocess.DEVNULL)
        for port in self.ports.values():
            _await(port)

    def processes(self) -> list[int]:
        return list(_tree(self._process.pid))

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)


def program() -> str | None:
    """Dovecot, if it is installed."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/sbin")


def version() -> str:
    """Dovecot's."""
    return subprocess.run([str(program()), "--version"], capture_output=True, text=True, check=True).stdout.split()[0]


def _enter(home: Path, users: list[str], hashed: Sequence[str]) -> None:
    """The passwd-file that both read."""
    owner = NOBODY if os.getuid() == 0 else os.getuid()
    argon2id = hash_password("secret")
    lines = [
        f"{user}:{argon2id if user in hashed else '{PLAIN}secret'}:{owner}:{owner}::{home}/mail/{user}\n"
        for user in users
    ]
    (home / "users").write_text("".join(lines))


def _tree(pid: int) -> Iterator[int]:
    """A process and those below it."""
    yield pid
    try:
        children = [
            child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
        ]
    except OSError:
        return  # gone meanwhile
    for child in children:
        yield from _tree(int(child))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # gone meanwhile
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _written(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int) -> None:
    """Waits until somebody listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
