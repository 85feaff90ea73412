"""A server as its own process: started by a command, ready when its log says so, stopped by SIGTERM."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

ANY_PORTS = {
    f"MAILACCESS_{protocol}__{kind}": "127.0.0.1:0"
    for protocol in ("IMAP", "POP3")
    for kind in ("LISTEN", "LISTEN_TLS")
}


@dataclass(frozen=True)
class Server:
    """One that is ready."""

    ports: dict[str, int]  # "imap", "imaps", "pop3", "pop3s"
    process: "subprocess.Popen[str]"

    @property
    def out(self) -> IO[str]:
        """Its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout


@contextmanager
def serving(*arguments: str, environ: Mapping[str, str] = ANY_PORTS) -> Iterator[Server]:
    """Runs `mailaccess ARGUMENTS`, which must stop in good order."""
    program = [sys.executable, "-m", "mailaccess", *arguments]
    environ = {**os.environ, "MAILACCESS_WORKERS": "1", **environ}
    with subprocess.Popen(program, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Server(_ports(process), process)
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()


def _ports(process: "subprocess.Popen[str]") -> dict[str, int]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "ready":
            places = {name: event[name][0] for name in ("imap", "imaps", "pop3", "pop3s") if name in event}
            return {name: int(place.rpartition(":")[2]) for name, place in places.items()}
    raise AssertionError("".join(said))
