import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.address import GROUP_END, LIMIT, MOST, NO_HOST, NO_MAILBOX, Address, parse_addresses


def one(name: bytes | None, mailbox: bytes, host: bytes = b"b") -> Address:
    return Address(name, None, mailbox, host)


def group(name: bytes, *members: Address) -> list[Address]:
    return [Address(None, None, name, None), *members, GROUP_END]


RFC_5322_A = [
    (b"John Doe <jdoe@machine.example>", [one(b"John Doe", b"jdoe", b"machine.example")]),
    (
        b'"Joe Q. Public" <john.q.public@example.com>',
        [one(b"Joe Q. Public", b"john.q.public", b"example.com")],
    ),
    (
        b"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
        [one(b"Mary Smith", b"mary", b"x.test"), one(None, b"jdoe", b"example.org"), one(b"Who?", b"one", b"y.test")],
    ),
    (
        b'<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
        [one(None, b"boss", b"nil.test"), one(b'Giant; "Big" Box', b"sysservices", b"example.net")],
    ),
    (
        b"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
        group(
            b"A Group",
            one(b"Ed Jones", b"c", b"a.test"),
            one(None, b"joe", b"where.test"),
            one(b"John", b"jdoe", b"one.test"),
        ),
    ),
    (b"Undisclosed recipients:;", group(b"Undisclosed recipients")),
    (
        b"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
        [one(b"Pete", b"pete", b"silly.test")],
    ),
    (
        b"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n     joe@example.org,\r\n\
     John <jdoe@one.test> (my dear friend); (the end of the group)",
        group(
            b"A Group",
            one(b"Chris Jones", b"c", b"public.example"),
            one(None, b"joe", b"example.org"),
            one(b"John", b"jdoe", b"one.test"),
        ),
    ),
    (
        b"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
        group(b"Hidden recipients"),
    ),
    (b"Joe Q. Public <john.q.public@example.com>", [one(b"Joe Q. Public", b"john.q.public", b"example.com")]),
    (
        b"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
        [Address(b"Mary Smith", b"@node.test", b"mary", b"example.net"), one(None, b"jdoe", b"test.example")],
    ),
    (b"John Doe <jdoe@machine(comment).  example>", [one(b"John Doe", b"jdoe", b"machine.example")]),
]


@pytest.mark.parametrize(("value", "expected"), RFC_5322_A)
def test_addresses_of_rfc_5322(value: bytes, expected: list[Address]) -> None:
    """The examples of RFC 5322 A.1 to A.6, the obsolete ones too."""
    assert parse_addresses(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", []),
        (b" \t", []),
        (b"(nobody)", []),
        (b"a@b (A (nested) \\) B)", [one(b"A (nested) ) B", b"a")]),
        (b"a@b (one) (two)", [one(b"two", b"a")]),
        (b"(before) a@b", [one(None, b"a")]),
        (b"<a@b> (behind)", [one(None, b"a")]),
        (b"root (Cron Daemon)", [one(b"Cron Daemon", b"root", NO_HOST)]),
        (b"<@x,@y:a@b>", [Address(None, b"@x,@y", b"a", b"b")]),
        (b"a . c @ b . d", [one(None, b"a.c", b"b.d")]),
        (b'"a c"@b, "a@c"."d"@b', [one(None, b"a c"), one(None, b"a@c.d")]),
        (b"a@[192.0.2.1], a@[IPv6:::1]", [one(None, b"a", b"[192.0.2.1]"), one(None, b"a", b"[IPv6:::1]")]),
        (b'A   "B  C"D <a@b>', [one(b"A B C D", b"a")]),
        (b'"" <a@b>', [one(None, b"a")]),
        (b"=?utf-8?q?x?= =?utf-8?q?y?= <a@b>", [one(b"=?utf-8?q?x?= =?utf-8?q?y?=", b"a")]),
        (b"caf\xc3\xa9 \xe9 <\xe9@\xe9>", [one(b"caf\xc3\xa9 \xe9", b"\xe9", b"\xe9")]),
        (b"g:a@b;, c@b", [*group(b"g", one(None, b"a")), one(None, b"c")]),
    ],
)
def test_forms_of_addresses(value: bytes, expected: list[Address]) -> None:
    """What the grammar allows beside its examples, and 8-bit text."""
    assert parse_addresses(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"A", [one(None, b"A", NO_HOST)]),
        (b"A B", [one(b"A B", NO_MAILBOX, NO_HOST)]),
        (b"<>", [one(None, NO_MAILBOX, NO_HOST)]),
        (b"A <>", [one(b"A", NO_MAILBOX, NO_HOST)]),
        (b"A <a>", [one(b"A", b"a", NO_HOST)]),
        (b"a@", [one(None, b"a", NO_HOST)]),
        (b"@b", [one(None, NO_MAILBOX)]),
        (b"<@x:>", [Address(None, b"@x", NO_MAILBOX, NO_HOST)]),
    ],
)
def test_what_is_missing_has_a_name(value: bytes, expected: list[Address]) -> None:
    """An empty mailbox or host would say that a group begins or ends."""
    assert parse_addresses(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a@b; c@b", [one(None, b"a"), one(None, b"c")]),
        (b"A <a@b>;C <c@b>", [one(b"A", b"a"), one(b"C", b"c")]),
        (b"g: a@b; c@b", [*group(b"g", one(None, b"a")), one(None, b"c")]),
        (b"g: a@b", group(b"g", one(None, b"a"))),
        (b"g: A <a@b>, h: c@b;", [*group(b"g", one(b"A", b"a")), *group(b"h", one(None, b"c"))]),
        (b"a@b <c@b>", [one(b"a@b", b"c")]),
        (b"'a@b' <c@b>", [one(b"'a@b'", b"c")]),
        (b"A a@b", [one(b"A", b"a")]),
        (b"A <a@b", [one(b"A", b"a")]),
        (b"A <a@b, c@b", [one(b"A", b"a"), one(None, b"c")]),
        (b"A <a@b> C <c@b>", [one(b"A", b"a"), one(b"C", b"c")]),
        (b"A <<a@b>>", [one(b"A", b"a")]),
        (b"<mailto:a@b>", [one(None, b"a")]),
        (b"[list: x] A <a@b>", [one(b"[list: x] A", b"a")]),
        (b"=?utf-8?q?A,B?= <a@b>", [one(b"=?utf-8?q?A,B?=", b"a")]),
        (b'"A <a@b>', [one(b'"A', b"a")]),
        (b"A (B <a@b>", [one(b"A (B", b"a")]),
        (b"A\\B <a@b>", [one(b"A\\B", b"a")]),
        (b"a@b@c", [one(None, b"a@b", b"c")]),
        (b"a@b..c.", [one(None, b"a", b"b..c.")]),
        (b".a.@b", [one(None, b".a.")]),
        (b"A\0 <a@b>", [one(b"A\xef\xbf\xbd", b"a")]),
        (b", ;>)", [one(None, b")", NO_HOST)]),
    ],
)
def test_broken_addresses_are_read_as_they_were_meant(value: bytes, expected: list[Address]) -> None:
    """Real mail has them all."""
    assert parse_addresses(value) == expected


PIECES = rb"""a b@c <d@e> <@f:g@h> "i j" "k (l) m: ; , : < > @ . \ [n] [ ] =?utf-8?q?o,p?= q: r;""".split(b" ")
VALUES = st.lists(st.sampled_from([*PIECES, b" ", b"\r\n ", b"\xe9", b"\0"])).map(b"".join)


@given(VALUES | st.binary())
def test_anything_can_be_read(value: bytes) -> None:
    """Never an error; groups are closed and never nested; nothing is empty that must not be."""
    in_group = False
    for address in parse_addresses(value):
        if address.host is None:
            assert (address.name, address.route) == (None, None)
            assert in_group == (address.mailbox is None)
            in_group = not in_group
        else:
            assert address.mailbox
            assert address.host
            assert address.name != b""
    assert not in_group


@given(VALUES)
def test_the_short_way_gives_the_same_as_the_long_one(value: bytes) -> None:
    """Plain lists are read by one expression; a comment at the end leads past it."""
    assert parse_addresses(value) == parse_addresses(value + b",()")


ATOM = st.sampled_from([b"a", b"o'b", b"x+y", b"!#$%&*/=?^_`{|}~-", b"=?utf-8?q?z?="])
MAILBOX = st.lists(ATOM, min_size=1, max_size=3).map(b".".join)
WORD = st.sampled_from([b"<", b">", b",", b";", b":", b"@", b"(", b")", b"[", b"]", b".", b"a", b"\xe9"])
NAME = st.lists(WORD).map(lambda words: b" ".join(words) or None)


@given(st.lists(st.tuples(NAME, st.none(), MAILBOX, MAILBOX), max_size=5))
def test_well_formed_lists_come_back(addresses: list[tuple[bytes | None, None, bytes, bytes]]) -> None:
    """Written with the name in quotes, each address is read as it was."""
    value = b",\r\n ".join(
        b'"%b" <%b@%b>' % (name, mailbox, host) if name else b"%b@%b" % (mailbox, host)
        for name, _, mailbox, host in addresses
    )

    assert parse_addresses(value) == addresses


@pytest.mark.parametrize(
    "piece", [b"(", b'"', b"a\\", b'a\\"', b"<", b"<a,", b"[", b"[\\", b":", b"a ", b"@", b"a@b:", b"=?a?q?"]
)
def test_hostile_values_take_linear_time(piece: bytes) -> None:
    """50 KB of what leads a parser astray are read at once."""
    parse_addresses(piece * (50_000 // len(piece)))


@pytest.mark.parametrize("piece", [b"a@b,", b"a:b@c,d@e;", b"a,", b"a:"])
def test_of_very_many_addresses_the_first_are_listed(piece: bytes) -> None:
    """And every group has its end."""
    found = parse_addresses(piece * 10_000)

    assert MOST <= len(found) <= MOST + 1
    assert found[: MOST // 2] == parse_addresses(piece * 5000)[: MOST // 2]
    starts = [one for one in found if one != GROUP_END and one.host is None]
    assert len(starts) == found.count(GROUP_END)


@pytest.mark.parametrize(
    "piece", [b"\r\n ", b" ", b"(", b"<", b'"', b"\\", b"@", b"<@a,", b"a ", b"a.", b"=?a?q?", b"["]
)
def test_a_field_of_a_megabyte_is_read_in_seconds(piece: bytes) -> None:
    """Whatever it consists of."""
    assert len(parse_addresses(piece * (4 * LIMIT // len(piece)))) <= MOST
