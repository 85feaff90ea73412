"""How soon a search answers: SEARCH, SORT, THREAD. What is found is the same for all servers, octet for octet."""

from tests.bench import post
from tests.bench.workloads.table import FINDING, HUNDRED, INDEXED, TEN, Alike, command

command("SEARCH by flag", FINDING, HUNDRED, "SEARCH UNSEEN", Alike.OCTETS)
command("SEARCH by date", FINDING, HUNDRED, "SEARCH SINCE 1-Mar-2023 BEFORE 1-Apr-2023", Alike.OCTETS)
command("SEARCH in a header field", FINDING, TEN, "SEARCH FROM user55@", Alike.OCTETS)
command("SEARCH in bodies, a rare word", INDEXED, TEN, f"SEARCH BODY {post.RARE}", Alike.OCTETS)
command("SEARCH in texts, a common word", INDEXED, TEN, f"SEARCH TEXT {post.COMMON}", Alike.OCTETS)
command("SORT by date", FINDING, TEN, "SORT (DATE) UTF-8 ALL", Alike.OCTETS)
command("SORT by subject", FINDING, TEN, "SORT (SUBJECT) UTF-8 ALL", Alike.OCTETS)
command("THREAD", FINDING, TEN, "THREAD REFERENCES UTF-8 ALL", Alike.OCTETS)
