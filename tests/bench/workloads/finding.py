"""How soon a search answers: SEARCH, SORT, THREAD. What is found is the same for all servers, octet for octet."""

from datetime import UTC, datetime
from random import Random

from tests.bench import post
from tests.bench.workloads.table import FINDING, HUNDRED, INDEXED, TEN, Alike, Bench, command

command("SEARCH by flag", FINDING, HUNDRED, "SEARCH UNSEEN", Alike.OCTETS)
command("SEARCH by date", FINDING, HUNDRED, "SEARCH SINCE 1-Mar-2023 BEFORE 1-Apr-2023", Alike.OCTETS)
command("SEARCH in a header field", FINDING, TEN, "SEARCH FROM user55@", Alike.OCTETS)
command("SEARCH in bodies, a rare word", INDEXED, TEN, f"SEARCH BODY {post.RARE}", Alike.OCTETS)
command("SEARCH in texts, a common word", INDEXED, TEN, f"SEARCH TEXT {post.COMMON}", Alike.OCTETS)


def _new_mail(bench: Bench) -> None:
    """What was kept of the answer to the same command is of no use."""
    session = bench.session(TEN)
    text = post.message(Random(1), 1, datetime(2024, 1, 1, tzinfo=UTC), 1_000).replace(b"\n", b"\r\n")
    session.ask(b"APPEND INBOX {%d+}\r\n%s" % (len(text), text))
    session.ask("NOOP")


for _name, _text in (
    ("SORT by date", "SORT (DATE) UTF-8 ALL"),
    ("SORT by subject", "SORT (SUBJECT) UTF-8 ALL"),
    ("THREAD", "THREAD REFERENCES UTF-8 ALL"),
):
    command(_name, FINDING, TEN, _text, Alike.OCTETS)
    command(f"{_name}, after new mail", FINDING, TEN, _text, Alike.OCTETS, _new_mail)
