"""How soon messages show: FETCH, POP3's RETR; and NOOP, which is what any command costs."""

from tests.bench.client import Answer, Pop3
from tests.bench.workloads.table import BULK, HUNDRED, SINGLE, TEN, Alike, Bench, command, total, workload

command("FETCH flags of 100,000", BULK, HUNDRED, "FETCH 1:* (UID FLAGS)")
command("FETCH envelopes of 10,000", BULK, TEN, "FETCH 1:* (ENVELOPE)")
command("FETCH structures of 10,000", BULK, TEN, "FETCH 1:* (BODYSTRUCTURE)")
_FIELDS = "BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)]"
command("FETCH header fields of 10,000", BULK, TEN, f"FETCH 1:* (UID FLAGS {_FIELDS})")
command("FETCH bodies of 10,000", BULK, TEN, "FETCH 1:* (BODY.PEEK[])", Alike.OCTETS)
command("FETCH parts of 10,000", BULK, TEN, "FETCH 1:* (BODY.PEEK[1]<0.200>)", Alike.OCTETS)


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
