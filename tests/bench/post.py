"""Maildirs like real ones, and the same at every run: kinds of messages, sizes, dates, flags, threads."""

import base64
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

_FREQUENT = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an
they which one you were her all she there would their we him been has when who will more no if out so said what"""
VOCABULARY = [*_FREQUENT.split(), *(f"w{number}" for number in range(3_000))]
RARE = "xylothek"
"""In the body of one message in 10,000."""
COMMON = "which"

_SMALL = """\
From: User <user%d@example.org>
To: me@example.com
Subject: %s %d
Date: Mon, 2 Jan 2023 08:00:00 +0000
Message-ID: <%d.flood@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

%s"""
_FIRST = datetime(2023, 1, 2, 8, tzinfo=UTC)


def fill(maildir: Path, count: int, octets: int, seed: int = 1) -> None:
    """Makes `maildir` with `count` messages of about `octets` each."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    chance = random.Random(seed)
    for number, (when, flags, text) in enumerate(_messages(chance, count, octets)):
        seconds = int(when.timestamp())
        path = maildir / "cur" / f"{seconds}.M{number}P1.bench,S={len(text)}:2,{flags}"
        path.write_bytes(text)
        os.utime(path, (seconds, seconds))


def deliver(maildir: Path, number: int) -> None:
    """A message arrives in new/."""
    text = message(random.Random(number), number, datetime.now(UTC), 2_000)
    name = f"{int(time.time())}.M{number}P2.bench,S={len(text)}"
    (maildir / "tmp" / name).write_bytes(text)
    owner = maildir.stat()
    os.chown(maildir / "tmp" / name, owner.st_uid, owner.st_gid)
    (maildir / "tmp" / name).rename(maildir / "new" / name)


def flood(maildir: Path, count: int) -> None:
    """Makes `maildir` with very many messages of about 700 octets, as fast as files can be made; RARE is in five."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    chance = random.Random(count)
    lines = [" ".join(chance.choices(VOCABULARY, k=10)) for _ in range(5_000)]
    rare = {count * part // 5 + 7 for part in range(5)}
    start = int(_FIRST.timestamp())
    for number in range(count):
        seconds = start + 60 * number
        body = "\n".join(chance.choices(lines, k=6)) + (f"\n{RARE}\n" if number in rare else "\n")
        text = _SMALL % (number % 997, chance.choice(VOCABULARY), number, number, body)
        path = f"{maildir}/cur/{seconds}.M{number}P1.bench,S={len(text)}:2,{'S' if number % 5 else ''}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(file, text.encode())
        os.close(file)
        os.utime(path, (seconds, seconds))


def _messages(chance: random.Random, count: int, octets: int) -> Iterator[tuple[datetime, str, bytes]]:
    for number in range(count):
        when = _FIRST + timedelta(minutes=7 * number, seconds=chance.randrange(60))
        flags = "".join(letter for letter, often in (("F", 0.03), ("R", 0.15), ("S", 0.8)) if chance.random() < often)
        yield when, flags, message(chance, number, when, octets)


def message(chance: random.Random, number: int, when: datetime, octets: int) -> bytes:
    """One message; every fifth begins a thread, the others answer one of the last."""
    sender = f"User {number % 97} <user{number % 97}@example.org>"
    subject = f"{'' if number % 5 == 0 else 'Re: '}topic {number - number % 5} {chance.choice(VOCABULARY)}"
    header = (
        f"Return-Path: <user{number % 97}@example.org>\n"
        f"Received: from mx.example.org (mx.example.org [192.0.2.{number % 250}])\n"
        f"\tby mail.example.com with ESMTPS id {number:012x}; {format_datetime(when)}\n"
        f"From: {sender}\nTo: me@example.com\n"
        + (f"Cc: user{number % 13}@example.net\n" if number % 4 == 0 else "")
        + f"Subject: {subject}\nDate: {format_datetime(when)}\nMessage-ID: <{number}.bench@example.org>\n"
        + (f"In-Reply-To: <{number - 1}.bench@example.org>\nReferences: " if number % 5 else "")
        + (
            " ".join(f"<{number - back}.bench@example.org>" for back in range(number % 5, 0, -1)) + "\n"
            if number % 5
            else ""
        )
        + "MIME-Version: 1.0\n"
    )
    body = _prose(chance, max(60, octets - len(header) - 400))
    if number % 10_000 == 77:
        body += f"\nand a {RARE} at last\n"
    return (header + _content(number, body)).encode()


def _prose(chance: random.Random, octets: int) -> str:
    """Lines of words."""
    words = chance.choices(VOCABULARY, k=octets // 5 + 1)
    lines = [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    return "\n".join(lines)[:octets] + "\n"


def _content(number: int, body: str) -> str:
    """The fields and the body of one of the kinds that mail is of."""
    plain = f"Content-Type: text/plain; charset=utf-8\n\n{body}"
    if number % 20 < 11:
        return plain
    half = body[: len(body) // 2]
    rest = body[len(body) // 2 :]
    if number % 20 < 17:
        html = "".join(f"<p>{line}</p>\n" for line in rest.splitlines())
        parts = [
            f"Content-Type: text/plain; charset=utf-8\n\n{half}",
            f"Content-Type: text/html; charset=utf-8\n\n{html}",
        ]
        return _multipart("alternative", parts)
    if number % 20 < 19:
        data = base64.encodebytes(rest.encode()).decode()
        named = f'application/pdf; name="report {number}.pdf"\nContent-Disposition: attachment\n'
        return _multipart(
            "mixed",
            [
                f"Content-Type: text/plain\n\n{half}",
                f"Content-Type: {named}Content-Transfer-Encoding: base64\n\n{data}",
            ],
        )
    inner = f"From: someone@example.org\nSubject: forwarded\n\n{rest}"
    return _multipart("mixed", [f"Content-Type: text/plain\n\n{half}", f"Content-Type: message/rfc822\n\n{inner}"])


def _multipart(kind: str, parts: list[str]) -> str:
    joined = "".join(f"--=_bench\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="=_bench"\n\n{joined}--=_bench--\n'
