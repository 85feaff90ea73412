"""How soon messages show: FETCH, POP3's RETR; and NOOP, which is what any command costs."""

from tests.bench.client import Answer, Pop3
from tests.bench.workloads.table import BULK, HUNDRED, SINGLE, TEN, Alike, Bench, command, total, workload

command("FETCH flags of 100,000", BULK, HUNDRED, "FETCH 1:* (UID FLAGS)")
command("FETCH envelopes of 10,000", BULK, TEN, "FETCH 1:* (ENVELOPE)")
command("FETCH structures of 10,000", BULK, TEN, "FETCH 1:* (BODYSTRUCTURE)")
_FIELDS = "BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)]"
command("FETCH header fields of 10,000", BULK, TEN, f"FETCH 1:* (UID FLAGS {_FIELDS})")


def _nobody_has_read(bench: Bench) -> None:
    """Nothing is left of what sessions have read."""
    bench.leave(TEN)
    bench.session(TEN)


for _name, _text in (("bodies", "FETCH 1:* (BODY.PEEK[])"), ("parts", "FETCH 1:* (BODY.PEEK[1]<0.200>)")):
    command(f"FETCH {_name} of 10,000, for the first time", BULK, TEN, _text, Alike.OCTETS, _nobody_has_read)
    command(f"FETCH {_name} of 10,000", BULK, TEN, _text, Alike.OCTETS)


@workload("single FETCH", SINGLE, each=True)
def single_fetch(bench: Bench) -> Answer:
    session = bench.session(TEN)
    return total([session.ask(f"FETCH {number + 1} (FLAGS)") for number in range(bench.sizes.single)])


@workload("NOOP", SINGLE, each=True)
def noop(bench: Bench) -> Answer:
    session = bench.session(TEN)
    return total([session.ask("NOOP") for _ in range(bench.sizes.single)])


@workload("POP3 UIDL and LIST of 10,000")
def pop3_lists(bench: Bench) -> Answer:
    session = Pop3(bench.peer.ports["pop3"]).log_in(TEN)
    answer = session.multi(b"UIDL\r\n") + session.multi(b"LIST\r\n")
    session.single(b"QUIT\r\n")
    session.close()
    return answer


@workload("POP3 RETR of 2,000", alike=Alike.ITEMS)
def pop3_retr(bench: Bench) -> Answer:
    session = Pop3(bench.peer.ports["pop3"]).log_in(TEN)
    answer = total([session.multi(b"RETR %d\r\n" % (number + 1)) for number in range(bench.sizes.many)])
    session.single(b"RSET\r\n")
    session.single(b"QUIT\r\n")
    session.close()
    return answer
