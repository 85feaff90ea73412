"""Every setting there is, with its default and what it may hold. A validator's ValueError says what was expected."""

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core.core_schema import ValidationInfo

from mailaccess.imap.commands import optional_capabilities

PASSWD_FILE = "passwd-file"  # noqa: S105 - a backend's name

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Endpoint(NamedTuple):
    """Where to listen. An empty host is every address, IPv4 and IPv6; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"


def _endpoint(value: object) -> Endpoint:
    found = re.fullmatch(r"(\*|\[[0-9A-Fa-f:.]+\]|[0-9.]+):([0-9]{1,5})", value) if isinstance(value, str) else None
    host = found[1].strip("[]*") if found else ""
    port = int(found[2]) if found else -1
    if not 0 <= port <= 65535 or (host and not _is_address(host)):
        raise ValueError('an address and port such as "127.0.0.1:143", "[::1]:143" or "*:143"')
    return Endpoint(host, port)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _capability(value: str) -> str:
    if value.upper() not in optional_capabilities():
        raise ValueError('a capability that the server can do without, such as "COMPRESS=DEFLATE"')
    return value.upper()


def _network(value: object) -> Network:
    try:
        return ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError('an address or network such as "10.0.0.0/8" or "fd00::/8"') from None


def _scaled(value: object, units: Mapping[str, int], expected: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = re.fullmatch(r"(\d+) *([a-z]*)", value.strip().lower()) if isinstance(value, str) else None
    if not found or found[2] not in units:
        raise ValueError(expected)
    return int(found[1]) * units[found[2]]


def _size(value: object) -> int:
    return _scaled(value, {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}, 'a size such as 65536, "64K" or "100M"')


def _seconds(value: object) -> int:
    return _scaled(value, {"": 1, "s": 1, "m": 60, "h": 3600}, 'a time such as 90 (seconds), "90s", "30m" or "1h"')


def _cores(value: object) -> int:
    if value == "auto":
        return os.cpu_count() or 1
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError('a whole number, or "auto"')  # noqa: TRY004 - pydantic's way
    return value


def _days(value: object) -> int | None:
    if value == "never":
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError('a number of days, or "never"')  # noqa: TRY004
    return value


def _base(info: ValidationInfo) -> Path:
    base: Path = info.context["base"] if info.context else Path.cwd()
    return base


def _under(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a path")
    return _base(info) / value


def _namespace(value: str) -> str:
    if value.upper() == "INBOX" or re.search(r"[/%*\x00-\x1f\x7f]", value):
        raise ValueError("a mailbox name without '/', '%' and '*', other than INBOX")
    return value


def _template(value: str, info: ValidationInfo) -> str:
    expected = "a path with {user}, or with {local} and {domain}, in it"
    try:
        names = {name for _, name, spec, conversion in Formatter().parse(value) if name is not None}
    except ValueError:
        names = set()
    if not names & {"user", "local"} or names - {"user", "local", "domain"}:
        raise ValueError(expected)
    return str(_base(info) / value)


Cores = Annotated[int, BeforeValidator(_cores), Field(ge=1, le=256)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_days)]
Size = Annotated[int, BeforeValidator(_size), Field(ge=1024)]
Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=1)]
FilePath = Annotated[Path, BeforeValidator(_under)]
FilePaths = Annotated[tuple[FilePath, ...], Strict(False)]
Template = Annotated[str, AfterValidator(_template)]
Capabilities = Annotated[tuple[Annotated[str, AfterValidator(_capability)], ...], Strict(False)]
NamespaceName = Annotated[str, AfterValidator(_namespace)]
Endpoints = Annotated[tuple[Annotated[Endpoint, BeforeValidator(_endpoint)], ...], Strict(False)]
Users = Annotated[tuple[str, ...], Strict(False)]
Networks = Annotated[tuple[Annotated[Network, BeforeValidator(_network)], ...], Strict(False)]


def _default(value: object) -> Any:
    """A default in the words of the file."""
    return Field(default=value)


class Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


class Storage(Table):
    """`[storage]`: where mail is."""

    maildir: Template = "maildirs/{user}"
    index: Template | None = None  # None: beside the mail
    full_text: bool = True


class Auth(Table):
    """`[auth]`: who may log in. All keys but `backend` are the backend's own options."""

    model_config = ConfigDict(extra="allow")

    backend: str = PASSWD_FILE  # or "package.module:Class"
    path: FilePath = _default("users")
    fold_case: bool = False  # user names are compared without regard to case

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the backend's class: another backend than ours gets only what was written."""
        names = set(self.model_fields_set)
        if self.backend == PASSWD_FILE:
            names |= set(type(self).model_fields)
        return {name: getattr(self, name) for name in sorted(names - {"backend"})}


class Tls(Table):
    """`[tls]`: without a certificate the TLS ports stay closed and STARTTLS is not offered."""

    certificate: FilePath | None = None  # PEM, the chain included
    key: FilePath | None = None  # PEM; None: in the certificate's file
    others: FilePaths = ()  # each with its key, for clients that ask for a name they bear


class Imap(Table):
    """`[imap]`"""

    listen: Endpoints = _default(["*:143"])
    listen_tls: Endpoints = _default(["*:993"])
    idle_keepalive: Seconds = 120  # between two "still here" lines in IDLE
    without: Capabilities = ()  # not to be offered to anybody
    url_applications: dict[str, Users] = {}  # who fetches authorized URLs for others, by application: submit, stream
    admin: str = ""  # a URI such as mailto:postmaster@example.org, shown as the annotation /shared/admin


class Pop3(Table):
    """`[pop3]`"""

    listen: Endpoints = _default(["*:110"])
    listen_tls: Endpoints = _default(["*:995"])
    mark_seen: bool = True  # RETR sets \Seen
    login_delay: Annotated[int, BeforeValidator(_seconds), Field(ge=0)] = 0  # least time between two logins of a user
    expire: Days = _default("never")  # what CAPA tells of how long mail is kept: days


class Security(Table):
    """`[security]`"""

    plaintext_login: Literal["never", "loopback", "always"] = "loopback"  # where passwords may travel without TLS
    trusted_networks: Networks = ()  # neither slowed down nor counted by address: webmail, a NAT of many users
    proxy_networks: Networks = ()  # whoever connects from here must begin with a PROXY protocol header
    user: str | None = None  # whom to become after binding, when started as root
    group: str | None = None  # None: the user's own


class Limits(Table):
    """`[limits]`"""

    sessions_per_user: Count = 50
    sessions_per_address: Count = 200
    connections: Count = 10_000  # in each process, logged in or not; fewer if half of the descriptors are
    password_checks: Cores = _default("auto")  # at a time, in all processes; auto: one per core
    login_time: Seconds = 60  # for a client that has not logged in
    imap_idle: Seconds = 1830  # without a command; RFC 3501 wants at least 30 minutes
    pop3_idle: Seconds = 600  # RFC 1939 wants at least 10 minutes
    line: Size = _default("64K")  # a command line, once logged in
    command: Size = _default("128K")  # a command with its literals, messages apart
    message_size: Size = _default("128M")  # a message taken by APPEND or delivery
    messages_per_command: Count = 1_000_000  # of IMAP; told as MESSAGELIMIT


class Quota(Table):
    """`[quota]`: how much an account may hold, unless its own settings say otherwise. None: any number."""

    storage: Size | None = None  # octets of all messages
    messages: Count | None = None
    mailboxes: Count | None = None
    soft: bool = False  # who exceeds them is told so, and not refused
    full: Literal["retry", "bounce"] = "retry"  # what delivery tells the MTA


class Sharing(Table):
    """`[sharing]`: who sees others' mailboxes, where, and whose flags they have."""

    users: NamespaceName = "Users"  # other users' mailboxes are below this name; empty: nobody has any
    shared: NamespaceName = "Shared"  # those of `public` are below this one
    public: str = ""  # the account whose mailboxes are everybody's, as far as their lists say so
    personal_flags: bool = True  # \Seen and keywords in others' mailboxes are each user's own
    dictionary: FilePath | None = None  # who shares something with whom; None: beside the accounts' directories


class Log(Table):
    """`[log]`"""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"  # auto: text on a terminal, JSON lines elsewhere


class Settings(Table):
    """All of it."""

    hostname: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] = Field(default_factory=socket.gethostname)
    workers: Cores = _default("auto")  # processes; auto: one per core
    storage: Storage
    auth: Auth
    tls: Tls
    imap: Imap
    pop3: Pop3
    security: Security
    limits: Limits
    quota: Quota
    sharing: Sharing
    log: Log


TABLES: dict[str, type[Table]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Table)
}
