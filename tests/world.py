"""A user with mail, reached by both protocols in memory; and what a foreign program does to her Maildir."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from mailaccess.auth.authenticator import Authenticator
from mailaccess.auth.ledger import Ledger
from mailaccess.auth.passwd_file import PasswdFile
from mailaccess.imap import facts
from mailaccess.imap.serving import serve as serve_imap
from mailaccess.imap.session import ImapSettings
from mailaccess.pop3.session import Pop3Settings
from mailaccess.pop3.session import serve as serve_pop3
from mailaccess.storage import watch
from mailaccess.storage.accounts import Accounts, StorageSettings
from mailaccess.storage.acl import from_identifier
from mailaccess.storage.namespaces import Sharing
from mailaccess.storage.quota import Allowance, Limits
from mailaccess.storage.sharers import Sharers
from mailaccess.wire.channel import Peer
from tests.driver import MemoryDriver, Session

USER, PASSWORD = "fred", "secret"

MESSAGES = {
    "plain": b"From: Ann <ann@example.org>\r\nTo: fred@example.org\r\nSubject: Lunch\r\n"
    b"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <1@example.org>\r\n\r\nNoon?\r\n",
    "dots": b"Subject: dots\r\n\r\n.\r\n..leading\r\nend.\r\n",
    "lf": b"Subject: unix\n\none\ntwo\n",
    "alternative": b"From: bob@example.org\r\nSubject: two ways\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b--\r\n",
    "empty": b"Subject: nothing\r\n\r\n",
}


def later(*directories: Path) -> None:
    """A foreign program changed them, not in the same tick of the file system's clock as anybody before it."""
    for directory in directories:
        now = time.time_ns()
        os.utime(directory, ns=(now, now))


class World:
    """One account in `root`. `hooks` are what a transcript's `@` lines may call."""

    def __init__(self, root: Path, **imap_options: object) -> None:
        self.root = root
        self.maildir = root / USER
        users = root / "users"
        users.write_text(
            f"{USER}:{{PLAIN}}{PASSWORD}\nann:{{PLAIN}}secret\nFRED FOOBAR:{{PLAIN}}fat man\ntest:{{PLAIN}}test\n"
            "choosy:{PLAIN}secret::::::imap_without=QRESYNC,move\n"
        )
        self.granted: dict[str, Allowance] = {}
        backend = PasswdFile(users)
        sharing = Sharing(backend.lookup, Sharers(root / "shared-mailboxes"), public="public")
        settings = StorageSettings(
            maildir=str(root / "{user}"),
            index=None,
            facts=facts.build,
            facts_version=facts.VERSION,
            kin=facts.kin,
            default_mailboxes=(),
            sharing=sharing,
            quota=lambda user: self.granted.get(user, Allowance()),
        )
        self.accounts = Accounts(settings)
        self.drivers: list[MemoryDriver] = []
        self.authenticator = Authenticator(backend, Ledger(None, clock=self._now), "loopback")
        self.imap_settings = ImapSettings(
            authenticator=self.authenticator,
            accounts=self.accounts,
            hostname="mail.example.org",
            **imap_options,  # type: ignore[arg-type]
        )
        self.pop3_settings = Pop3Settings(
            authenticator=self.authenticator, accounts=self.accounts, hostname="mail.example.org"
        )
        self._numbers = count(1)
        self._remote = False
        self._watcher: watch.Watcher | None = None
        self.hooks: dict[str, Callable[[str], None]] = {
            "deliver": self._deliver,
            "place": self._place,
            "refile": self._refile,
            "remove": self._remove,
            "share": self._share,
            "grant": self._grant,
            "maildirsize": self._limit,
            "deliver-to": self._deliver_to,
            "acl": self._write_acl,
            "annotate": self._annotate,
            "rename-folder": self._rename_folder,
            "remove-folder": lambda mailbox: shutil.rmtree(self._directory(mailbox)),
            "watch": self._watch,
            "notice": lambda _: self._notice(),
            "remote": self._come_from_afar,
            "message-limit": self._limit_messages,
            "tick": lambda _: self._to_all(MemoryDriver.tick),  # the seconds of every Event wait pass
            "shutdown": lambda _: self._to_all(MemoryDriver.shut_down),
            "timeout": lambda _: self._to_all(MemoryDriver.time_out),
            "fill": self._fill,
            "wake": lambda _: self._to_all(lambda driver: driver.channel.wake()),
        }

    def imap(self, peer: Peer | None = None) -> MemoryDriver:
        """A new IMAP client's connection."""
        return self._connected(lambda channel: serve_imap(channel, self.imap_settings), peer)

    def pop3(self, peer: Peer | None = None) -> MemoryDriver:
        """A new POP3 client's connection."""
        return self._connected(lambda channel: serve_pop3(channel, self.pop3_settings), peer)

    def imap_in(self, mailbox: str = "INBOX") -> MemoryDriver:
        """An IMAP client that has logged in and selected `mailbox`."""
        driver = self.imap()
        driver.ask(f"l LOGIN {USER} {PASSWORD}\r\ns SELECT {mailbox}\r\n".encode())
        return driver

    def close(self) -> None:
        """Ends all sessions and gives back all files."""
        for driver in self.drivers:
            if not driver.finished:
                driver.hang_up()
        self.accounts.close()
        if self._watcher is not None:
            watch.install(None)
            self._watcher.close()

    def deliver(self, data: bytes, mailbox: str = "INBOX", flags: str | None = None) -> Path:
        """Puts a message file into new/, as a delivery agent; or with `flags` into cur/, as another client."""
        directory = self._directory(mailbox)
        for name in ("cur", "new", "tmp"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        number = next(self._numbers)
        base = f"{1_700_000_000 + number}.M{number}P1.example"
        path = directory / "new" / base if flags is None else directory / "cur" / f"{base}:2,{flags}"
        path.write_bytes(data)
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        later(path.parent)
        return path

    def files(self, mailbox: str = "INBOX") -> list[Path]:
        """The message files in order of their names."""
        directory = self._directory(mailbox)
        found = [*(directory / "new").iterdir(), *(directory / "cur").iterdir()]
        return sorted(found, key=lambda path: path.name)

    def _directory(self, mailbox: str) -> Path:
        return self.maildir if mailbox == "INBOX" else self.maildir / ("." + mailbox.replace("/", "."))

    def _connected(self, session: Session, peer: Peer | None) -> MemoryDriver:
        if peer is None and self._remote:
            peer = Peer("192.0.2.1", tls_available=True)
        driver = MemoryDriver(session, peer)
        self.drivers.append(driver)
        return driver

    # -- transcript hooks

    def _deliver(self, argument: str) -> None:
        """`@deliver MAILBOX MESSAGE`: into new/, by a foreign program"""
        mailbox, message = argument.split()
        self.deliver(MESSAGES[message], mailbox)

    def _place(self, argument: str) -> None:
        """`@place MAILBOX MESSAGE LETTERS`: into cur/ with flags, by a foreign program; `-` for no flags"""
        mailbox, message, letters = argument.split()
        self.deliver(MESSAGES[message], mailbox, letters.replace("-", ""))

    def _refile(self, argument: str) -> None:
        """`@refile MAILBOX N LETTERS`: a foreign program gives the Nth file these flags"""
        mailbox, number, letters = argument.split()
        path = self.files(mailbox)[int(number) - 1]
        base = path.name.partition(":")[0]
        there = path.rename(path.parent.parent / "cur" / f"{base}:2,{letters.replace('-', '')}")
        later(path.parent, there.parent)

    def _remove(self, argument: str) -> None:
        """`@remove MAILBOX N`: a foreign program deletes the Nth file"""
        mailbox, number = argument.split()
        path = self.files(mailbox)[int(number) - 1]
        path.unlink()
        later(path.parent)

    def _share(self, argument: str) -> None:
        """`@share OWNER MAILBOX WHO RIGHTS`: by the command line; `-` for no entry"""
        owner, mailbox, identifier, rights = argument.split()
        access = self.accounts.access(owner, None)
        if not access.own.has(mailbox):
            access.create(mailbox)
        who, negative = from_identifier(identifier)
        access.change_acl(mailbox, who, None if rights == "-" else rights, negative=negative)

    def _annotate(self, text: str) -> None:
        """`@annotate JSON`: another program writes the annotations"""
        (self.maildir / "mailaccess-metadata").write_text(text)

    def _write_acl(self, argument: str) -> None:
        """`@acl OWNER MAILBOX LINE|LINE`: another program writes the list of who may do what"""
        owner, mailbox, lines = argument.split(" ", 2)
        access = self.accounts.access(owner, None)
        directory = access.root / ("" if mailbox == "INBOX" else f".{mailbox}")
        (directory / "dovecot-acl").write_text(lines.replace("|", "\n") + "\n")
        access.tell_sharers()

    def _deliver_to(self, argument: str) -> None:
        """`@deliver-to OWNER MAILBOX MESSAGE`: into new/ of another user's mailbox, by a foreign program"""
        owner, mailbox, message = argument.split()
        directory = self.accounts.open(owner, None).root / ("" if mailbox == "INBOX" else f".{mailbox}") / "new"
        (directory / f"1700000000.M{next(self._numbers)}P1.example").write_bytes(MESSAGES[message])
        later(directory)

    def _grant(self, argument: str) -> None:
        """`@grant USER OCTETS MESSAGES MAILBOXES [soft]`: the administrator's limits; `-` for none"""
        user, *limits = argument.removesuffix(" soft").split()
        numbers = (None if limit == "-" else int(limit) for limit in limits)
        self.granted[user] = Allowance(Limits(*numbers), argument.endswith(" soft"))

    def _limit(self, line: str) -> None:
        """`@maildirsize LINE`: another program sets limits"""
        (self.maildir / "maildirsize").write_text(f"{line}\n0 0\n")

    def _rename_folder(self, argument: str) -> None:
        """`@rename-folder OLD NEW`: by a foreign program"""
        old, new = map(self._directory, argument.split())
        old.rename(new)

    def _watch(self, _: str) -> None:
        """`@watch`: from now on the kernel is asked what other programs do; it answers at `@notice`"""
        self._watcher = watch.Watcher()
        watch.install(self._watcher)

    def _notice(self) -> None:
        assert self._watcher is not None
        with MemoryDriver.all_held():
            while not self._watcher.ready():
                pass

    def _come_from_afar(self, _: str) -> None:
        """`@remote`: clients that connect from now on are on another machine, and may start TLS"""
        self._remote = True

    def _fill(self, _: str) -> None:
        """The server has had the time to fill the full-text index."""
        while self.accounts.fill():
            pass

    def _limit_messages(self, number: str) -> None:
        """`@message-limit N`: clients that connect from now on may have N messages processed by one command"""
        self.imap_settings = replace(self.imap_settings, max_messages=int(number))

    def _now(self) -> float:
        """Delays take no time here, so they are added."""
        return time.time() + sum(driver.slept for driver in self.drivers)

    def _to_all(self, act: Callable[[MemoryDriver], None]) -> None:
        for driver in self.drivers:
            act(driver)
