"""A directory with all a server needs: mail, and in .server/ its configuration, accounts and certificate.

What is there is kept, what is missing is made: the demo and the container image both begin with nothing.
"""

import string
from pathlib import Path

from mailaccess.auth.passwd_file import PasswdFile
from mailaccess.net.certificate import self_signed

TEMPLATE = string.Template("""\
# Made at the first start, and kept: yours to change. `mailaccess config show` lists every setting there is.
$top
[storage]
maildir = "../{user}"

[auth]
path = "users"

[tls]
certificate = "certificate.pem"
key = "key.pem"

[imap]
listen = ["$host:1143"]
listen_tls = ["$host:1993"]

[pop3]
listen = ["$host:1110"]
listen_tls = ["$host:1995"]
""")


def configuration_file(root: Path) -> Path:
    """Where the configuration of the server in `root` is."""
    return root / ".server" / "mailaccess.toml"


def prepare(root: Path, *, host: str, hostname: str, top: str = "") -> None:
    """Makes what is missing of the server in `root`.

    `host` is the address its configuration listens on, `hostname` the certificate's, `top` the first lines of the
    configuration.
    """
    file = configuration_file(root)
    directory = file.parent
    users = accounts(root).path
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    if not certificate.exists():
        self_signed(hostname, certificate, key)
    if not users.exists():
        users.touch(0o600)
    if not file.exists():
        file.write_text(TEMPLATE.substitute(host=host, top=top), "utf-8")


def accounts(root: Path) -> PasswdFile:
    """The accounts of the server in `root`."""
    return PasswdFile(configuration_file(root).with_name("users"))
