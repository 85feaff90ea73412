"""SASL mechanisms by the examples of their standards."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.auth import sasl
from mailaccess.auth.sasl import Credentials, Digest, Exchange, Malformed, Password


def run(exchange: Exchange, *responses: bytes) -> tuple[list[bytes], Credentials]:
    """Sends the responses; the challenges that were seen, and the result."""
    challenges = [next(exchange), *map(exchange.send, responses[:-1])]
    with pytest.raises(StopIteration) as end:
        exchange.send(responses[-1])
    result: Credentials = end.value.value
    return challenges, result


def test_plain_example() -> None:
    """RFC 4616 section 4, first example."""
    assert run(sasl.plain(), b"\0tim\0tanstaaftanstaaf") == ([b""], Password("tim", "tanstaaftanstaaf", ""))


def test_plain_with_authorization_identity() -> None:
    """RFC 4616 section 4, second example."""
    assert run(sasl.plain(), b"Ursel\0Kurt\0xipj3plmq")[1] == Password("Kurt", "xipj3plmq", "Ursel")


@pytest.mark.parametrize("message", [b"", b"tim", b"\0tim", b"\0tim\0pass\0", b"\0t\xffm\0pass", b"\xff\0tim\0pass"])
def test_plain_malformed(message: bytes) -> None:
    """Not three parts, or a name that is no UTF-8."""
    exchange = sasl.plain()
    next(exchange)

    with pytest.raises(Malformed):
        exchange.send(message)


def test_password_that_is_no_utf8_keeps_its_octets() -> None:
    """Old hashes were made from them."""
    credentials = run(sasl.plain(), b"\0tim\0p\xe4ss")[1]

    assert isinstance(credentials, Password)
    assert credentials.password.encode("utf-8", "surrogateescape") == b"p\xe4ss"


def test_plain_takes_255_octets_of_each() -> None:
    """RFC 4616 section 2: must be accepted."""
    name = b"a" * 255

    assert run(sasl.plain(), b"\0".join([name] * 3))[1] == Password("a" * 255, "a" * 255, "a" * 255)


def test_login_asks_twice() -> None:
    """With the two challenges that clients wait for."""
    assert run(sasl.login_mechanism(), b"tim", b"secret") == ([b"Username:", b"Password:"], Password("tim", "secret"))


def test_cram_md5_example() -> None:
    """RFC 2195 section 2."""
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    challenges, credentials = run(sasl.cram_md5(challenge), b"tim b913a602c7eda7a495b4e6e7334d3890")

    assert challenges == [challenge]
    assert credentials == Digest("tim", challenge, b"b913a602c7eda7a495b4e6e7334d3890", "cram-md5")


def test_cram_md5_user_with_spaces() -> None:
    """The digest is what follows the last one."""
    assert run(sasl.cram_md5(b"<x>"), b"tim the user " + b"0" * 32)[1].user == "tim the user"


@pytest.mark.parametrize("response", [b"", b"tim", b"tim ", b"tim b913", b"tim " + b"g" * 32, b"\xff " + b"0" * 32])
def test_cram_md5_malformed(response: bytes) -> None:
    """No space, no digest, a name that is no UTF-8."""
    exchange = sasl.cram_md5(b"<x>")
    next(exchange)

    with pytest.raises(Malformed):
        exchange.send(response)


def test_apop() -> None:
    """RFC 1939 section 7's example; clients are strict in what they send, hexadecimal capitals are tolerated."""
    timestamp = b"<1896.697170952@dbc.mtview.ca.us>"

    assert hashlib.md5(timestamp + b"tanstaaf").hexdigest() == "c4c9334bac560ecc979e58001b3e22fb"
    assert sasl.apop(b"mrose", timestamp, b"C4C9334BAC560ECC979E58001B3E22FB") == Digest(
        "mrose", timestamp, b"c4c9334bac560ecc979e58001b3e22fb", "apop"
    )
    with pytest.raises(Malformed):
        sasl.apop(b"mrose", timestamp, b"c4c9")


def test_challenges_are_message_ids_and_never_the_same() -> None:
    """RFC 1939: MUST be different each time."""
    first, second = sasl.challenge("mail.example.org"), sasl.challenge("mail.example.org")

    assert first != second
    assert re.fullmatch(rb"<[0-9a-f]{32}\.\d+@mail\.example\.org>", first)


@pytest.mark.parametrize(
    "raw", [b"=AAA", b"AAA=BBB", b"AA A", b"AAAA\n", b"AAA", b"A", b"AAAA=", b"AA==AAAA", b"*", b"\xff"]
)
def test_base64_is_strict(raw: bytes) -> None:
    """RFC 5034 section 4: any other character, or padding elsewhere than at the end, must be rejected."""
    with pytest.raises(Malformed):
        sasl.decode_base64(raw)


def test_base64() -> None:
    """An empty line is an empty response."""
    assert sasl.decode_base64(b"AHRpbQB0YW5zdGFhZg==") == b"\0tim\0tanstaaf"
    assert sasl.decode_base64(b"") == b""


def conversation(mechanism: str, initial: bytes | None, lines: list[bytes]) -> tuple[list[bytes], Credentials]:
    """The challenges of an exchange in which the client sends these lines, and its outcome."""
    asked: list[bytes] = []

    async def ask(challenge: bytes) -> bytes:
        asked.append(challenge)
        return lines[len(asked) - 1]

    talk = sasl.converse(sasl.MECHANISMS[mechanism].start("localhost"), initial, ask)
    with pytest.raises(StopIteration) as end:
        talk.send(None)
    return asked, end.value.value


def test_conversations() -> None:
    """With an initial response, which may be empty, and without."""
    tim = Password("tim", "tanstaaf")
    assert conversation("PLAIN", b"AHRpbQB0YW5zdGFhZg==", []) == ([], tim)
    assert conversation("PLAIN", None, [b"AHRpbQB0YW5zdGFhZg=="]) == ([b""], tim)
    challenges = [b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6"]
    assert conversation("LOGIN", None, [b"dGlt", b"dGFuc3RhYWY="]) == (challenges, tim)
    assert conversation("LOGIN", b"dGlt", [b"dGFuc3RhYWY="]) == (challenges[1:], tim)
    assert conversation("LOGIN", b"=", [b"dGFuc3RhYWY="]) == (challenges[1:], Password("", "tanstaaf"))


@pytest.mark.parametrize(("initial", "lines"), [(None, [b"*"]), (None, [b"?"]), (b"?", []), (b"*", [])])
def test_conversations_that_end_early(initial: bytes | None, lines: list[bytes]) -> None:
    """Cancelled, or not base64."""
    with pytest.raises(Malformed):
        conversation("LOGIN", initial, lines)


def test_who_speaks_first() -> None:
    """RFC 4422 section 5: CRAM-MD5 begins with the server's challenge."""
    assert sasl.takes_initial_response("plain")
    assert sasl.takes_initial_response("LOGIN")
    assert not sasl.takes_initial_response("CRAM-MD5")
    assert not sasl.takes_initial_response("GSSAPI")


def test_password_is_not_in_the_repr() -> None:
    """Tracebacks and logs show it."""
    assert "secret" not in repr(Password("tim", "secret"))


def send_all(exchange: Exchange, responses: list[bytes]) -> None:
    """Until one of them ends the exchange."""
    for response in responses:
        exchange.send(response)


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=80), min_size=3, max_size=3))
def test_hostile_responses_end_in_credentials_or_malformed(responses: list[bytes]) -> None:
    """Nothing else comes out of any mechanism."""
    for mechanism in sasl.MECHANISMS.values():
        exchange = mechanism.start("localhost")
        next(exchange)
        with pytest.raises((StopIteration, Malformed)):
            send_all(exchange, responses)
