"""What is kept of a message, and that a blob gives back what went in."""

import logging
import mmap
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap import facts, structure
from mailaccess.imap.facts import Facts, PartPlace, build
from mailaccess.mail import mime
from mailaccess.mail.envelope import envelope
from mailaccess.mail.lines import to_wire
from mailaccess.mail.text import fold

SAMPLES = Path(__file__).parents[2] / "maildirs" / "samples"
MESSAGES = [to_wire(path.read_bytes()) for path in sorted(SAMPLES.glob("**/*.mx.example.org*"))]

REPLY = (
    b"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nFrom: Ann Bee <Ann@example.org>, other@x\r\n"
    b"To: Team: ;\r\nCc: C\xc3\x84\xc3\x9f@example.org\r\nSubject: Re: [list] =?utf-8?q?Caf=C3=A9?= (fwd)\r\n"
    b"Message-ID: <2@example.org>\r\nReferences: <0@example.org>\r\n <1@example.org>\r\n"
    b"In-Reply-To: <9@x>\r\n\r\nhi\r\n"
)


class Loud(logging.Handler):
    """Lets what was logged fail the test: `build` logs what it should have been able to read, and goes on."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage()) from (record.exc_info and record.exc_info[1])


LOG = logging.getLogger(facts.__name__)
LOUD = Loud()


def of(message: bytes) -> Facts:
    LOG.addHandler(LOUD)
    try:
        return Facts(build(message))
    finally:
        LOG.removeHandler(LOUD)


def test_the_samples_are_there() -> None:
    """The tests over them would pass on none."""
    assert len(MESSAGES) >= 30


@pytest.mark.parametrize("message", MESSAGES)
def test_the_rendered_forms_come_back(message: bytes) -> None:
    """ENVELOPE, BODY and BODYSTRUCTURE lie in the blob as they are sent."""
    root = mime.parse(message)
    known = of(message)

    assert known.envelope == structure.envelope(envelope(structure.read_header(root, message)))
    assert (known.body, known.bodystructure) == structure.body(root, message)


def part_at(root: mime.Part, path: Sequence[int]) -> mime.Part | None:
    """The part with an IMAP part number, found in the tree as RFC 3501 6.4.5 tells it."""
    part = root
    message = True  # `part` is a message as a whole, whose only part has number 1 unless it is a multipart
    for number in path:
        if not message and part.kind == b"message/rfc822" and part.children:
            part, message = part.children[0], True
        if part.type.lower() == b"multipart":
            if not 1 <= number <= len(part.children):
                return None
            part = part.children[number - 1]
        elif not message or number != 1:
            return None
        message = False
    return part


@pytest.mark.parametrize("message", MESSAGES)
def test_every_part_is_where_its_number_says(message: bytes) -> None:
    """The table agrees with RFC 3501's numbering, also on what does not exist."""
    root = mime.parse(message)
    known = of(message)
    paths = [(a,) for a in range(1, 9)] + [(a, b) for a in range(1, 6) for b in range(1, 5)]
    for path in [*paths, *((a, b, c) for a in range(1, 4) for b in range(1, 4) for c in range(1, 4))]:
        part = part_at(root, path)
        place = known.part(".".join(map(str, path)).encode())

        assert (part is None) == (place is None)
        if part and place:
            assert (place.header_start, place.header_end) == (part.header_start, part.header_end)
            assert (place.body_start, place.body_end) == (part.body_start, part.body_end)


def test_a_part_has_its_encoding_and_type() -> None:
    message = b"Content-Type: Text/HTML\r\nContent-Transfer-Encoding: Base64\r\n\r\nAAAA\r\n"

    assert of(message).part(b"1") == PartPlace(0, 62, 62, 68, 0, "BASE64", "text/html")


def test_a_message_in_a_message_tells_where_its_body_begins() -> None:
    message = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello\r\n"
    place = of(message).part(b"1")

    assert place is not None
    assert message[place.inner_body :] == b"hello\r\n"


def test_structures_are_kept_twice_only_where_they_differ() -> None:
    """IMAP4rev2 has another form of messages with a message/global."""
    ordinary, odd = (
        of(b"Content-Type: message/%s\r\n\r\nSubject: in\r\n\r\nx" % kind) for kind in (b"rfc822", b"global")
    )

    assert (ordinary.body_rev2, ordinary.bodystructure_rev2) == (ordinary.body, ordinary.bodystructure)
    assert b'"in"' in ordinary.body
    assert b'"in"' not in odd.body + odd.bodystructure
    assert b'"in"' in odd.body_rev2
    assert b'"in"' in odd.bodystructure_rev2
    assert len(odd.bodystructure_rev2) > len(odd.body_rev2)


def test_a_part_number_is_not_a_pattern_or_a_prefix() -> None:
    known = of(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 11)

    assert known.part(b"11") is not None
    assert known.part(b"12") is None
    assert known.part(b"1.1") is None


def test_what_sort_and_thread_ask() -> None:
    """RFC 5256: dates, base subject and addresses as they are compared, message IDs normalised."""
    known = of(REPLY)

    assert known.sent == 760686745
    assert known.sent_day == date(1994, 2, 7).toordinal()
    assert known.base_subject == fold("Café")
    assert known.is_reply
    assert known.message_id == "2@example.org"
    assert known.references == ["0@example.org", "1@example.org"]


def test_addresses_are_compared_without_case() -> None:
    """The local part of the first address; a group counts by its name."""
    known = of(REPLY)

    assert known.first_from == of(REPLY.replace(b"Ann@", b"ANN@")).first_from
    assert known.first_from < of(REPLY.replace(b"Ann@", b"bob@")).first_from
    assert known.first_to == of(REPLY.replace(b"Team", b"tEAM")).first_to
    assert known.first_cc


def test_subjects_are_compared_without_case() -> None:
    assert of(REPLY).base_subject == of(b"Subject: caf\xc3\xa9\r\n\r\n").base_subject
    assert not of(b"Subject: caf\xc3\xa9\r\n\r\n").is_reply


def test_in_reply_to_stands_in_for_references() -> None:
    """RFC 5256: "the first valid Message ID" of it, where References is missing or has none."""
    header = b"In-Reply-To: your message <a@x> <b@x>\r\n"

    assert of(header + b"\r\n").references == ["a@x"]
    assert of(b"References: none\r\n" + header + b"\r\n").references == ["a@x"]


def test_what_is_missing() -> None:
    known = of(b"")

    assert (known.sent, known.sent_day, known.message_id, known.references) == (None, 0, None, [])
    assert (known.base_subject, known.first_from, known.first_to, known.first_cc) == ("", "", "", "")
    assert known.header == b""
    assert known.header_size == 0


def test_a_date_that_cannot_be_read_is_none() -> None:
    known = of(b"Date: soon\r\n\r\n")

    assert known.sent is None
    assert known.sent_day == 0


def test_a_date_before_the_epoch() -> None:
    assert of(b"Date: 31 Dec 1969 23:59:58 +0000\r\n\r\n").sent == -2


def test_the_header_is_kept_up_to_its_limit() -> None:
    """A larger one is read from the file."""
    header = b"Subject: x\r\nX: " + b"x" * (facts.HEADER_KEPT - 19) + b"\r\n\r\n"

    assert of(header + b"body").header == header
    assert of(b"x" + header + b"body").header is None
    assert of(b"x" + header + b"body").header_size == len(header) + 1


def test_an_ordinary_message_makes_a_small_blob() -> None:
    """The index holds one for each message."""
    assert len(build(MESSAGES[0])) < len(MESSAGES[0]) + 3000


def test_a_mapped_file_has_the_same_facts(tmp_path: Path) -> None:
    """Large messages come as a mapping."""
    path = tmp_path / "message"
    path.write_bytes(MESSAGES[0])
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert build(mapped) == build(MESSAGES[0])


def test_eight_bit_everywhere() -> None:
    """Octets that are no UTF-8 in every field that is decoded."""
    header = b"".join(
        name + b": \xff\xfe <\xe9@\xe9>\r\n" for name in (b"From", b"To", b"Cc", b"Subject", b"Message-ID")
    )

    assert of(header + b"References: <\xff@x>\r\n\r\n").envelope


def mutated(message: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for start, length, put in cuts:
        at = start % (len(message) + 1)
        message = message[:at] + put + message[at + length :]
    return message


PUT = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"\r\n", b"\r\n\r\n", b"--", b"Content-Type: ", b"=?utf-8?b?", b'"', b"(", b"<", b"\0", b"\x80", b"%"]
    ),
)
CUTS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), PUT), max_size=8)


@given(st.sampled_from(MESSAGES), CUTS)
def test_broken_mail_still_has_facts(message: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    """Nothing that arrives by mail raises, and every part lies within the message."""
    broken = mutated(message, cuts)
    known = of(broken)

    assert 0 <= known.header_size <= len(broken)
    assert known.envelope.startswith(b"(")
    assert known.bodystructure.startswith(b"(")
    place = known.part(b"1")
    assert place is not None
    assert 0 <= place.header_start <= place.header_end <= place.body_start <= place.body_end <= len(broken)


@given(st.binary(max_size=300))
def test_any_octets_have_facts(data: bytes) -> None:
    known = of(data)

    assert (known.sent is None) <= (known.sent_day == 0)
    assert known.header is not None


def test_a_fault_of_ours_leaves_a_plain_text(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Rather than a folder that cannot be listed."""

    def parse(data: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(mime, "parse", parse)
    known = Facts(build(b"Subject: x\r\n\r\nbody\r\n"))

    assert known.header == b"Subject: x\r\n\r\n"
    assert known.body == b'("text" "plain" NIL NIL NIL "7bit" 6 0)'
    assert "could not be made out" in caplog.text


def test_a_structure_of_megabytes_is_not_kept() -> None:
    """The message is then a single part; the rest of its facts is as ever."""
    inner = b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: %s\r\n\r\n" % (b"a," * 500)
    top = b"Subject: many\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    kept = Facts(build(top + inner * 50 + b"--b--\r\n"))

    assert kept.bodystructure.startswith(b'("application" "octet-stream" NIL')
    assert kept.part(b"1") is not None
    assert kept.part(b"2") is None
    assert b'"many"' in kept.envelope
    assert Facts(build(top + inner * 2 + b"--b--\r\n")).bodystructure.count(b"rfc822") == 2


def test_a_digest_tells_contents_apart() -> None:
    """To the last octet; copies have the same."""
    assert len(of(REPLY).digest) == 20
    assert of(REPLY).digest == of(bytes(REPLY)).digest != of(REPLY + b"x").digest


def test_the_preview_is_kept() -> None:
    """In UTF-8, whatever the message is in."""
    assert of(REPLY).preview == b"hi"
    assert of(b"Content-Type: text/plain; charset=latin1\r\n\r\n\xe9").preview == "\xe9".encode()
    assert of(b"Subject: nothing\r\n\r\n").preview == b""


def test_kin_are_the_references_and_the_message_itself() -> None:
    """Eldest first; who names the same message has the same name for it."""
    root, child = (facts.kin(build(b"Message-ID: <%d@example.org>\r\n\r\n" % number)) for number in (0, 1))
    reply = facts.kin(build(REPLY))
    assert reply[:2] == [*root, *child]
    assert len(reply) == 3
    assert all(0 <= name < 1 << 63 for name in reply)
    assert facts.kin(build(b"In-Reply-To: <0@example.org>\r\n\r\n")) == root


def test_a_message_without_any_id_is_its_own_only_kin() -> None:
    """And its copies'."""
    one, other = b"Subject: a\r\n\r\n", b"Subject: b\r\n\r\n"
    assert facts.kin(build(one)) == facts.kin(build(one)) != facts.kin(build(other))
    assert len(facts.kin(build(one))) == 1


def test_of_many_references_the_eldest_and_the_latest_count() -> None:
    """A crafted header names thousands."""
    many = b"".join(b" <%d@x>\r\n" % number for number in range(5000))
    names = facts.kin(build(b"References:" + many + b"Message-ID: <me@x>\r\n\r\n"))
    assert len(names) == 101
    assert names[0] == facts.kin(build(b"Message-ID: <0@x>\r\n\r\n"))[0]
    assert names[-2] == facts.kin(build(b"Message-ID: <4999@x>\r\n\r\n"))[0]
