"""The first time: mail of which a server knows nothing yet, or nothing but that it is there."""

from tests.bench import post
from tests.bench.client import Answer
from tests.bench.workloads.table import FRESH_HUNDRED, FRESH_TEN, UNINDEXED, Alike, Bench, command, workload


def _unknown(bench: Bench) -> None:
    bench.peer.settle()  # it may go on with what it was asked for before
    bench.forget(FRESH_HUNDRED)


@workload("first open of 100,000 without any index", prepare=_unknown)
def first_open(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {FRESH_HUNDRED} secret")
    answer = session.select("INBOX")
    session.close()
    return answer


def _just_opened(bench: Bench) -> None:
    """Opened until all is known of it: what that takes has a row of its own."""
    bench.forget(FRESH_TEN)
    bench.session(FRESH_TEN).ask("FETCH 1 INTERNALDATE")


for _name, _text in (
    ("SEARCH in bodies, a rare word", f"SEARCH BODY {post.RARE}"),
    ("SEARCH in texts, a common word", f"SEARCH TEXT {post.COMMON}"),
):
    command(f"{_name}, not indexed", UNINDEXED, FRESH_TEN, _text, Alike.OCTETS, _just_opened)
