"""The command table as a whole."""

from mailaccess.imap.registry import AUTHENTICATED, COMMANDS, FEATURES, State, capabilities


def test_every_capability_names_its_standard() -> None:
    """The README's table is made from this."""
    assert all(feature.rfc for feature in FEATURES)
    assert all(command.rfc for command in COMMANDS)


def test_capabilities_depend_on_the_state() -> None:
    """Before login what a client needs then, or asks for only then; IMAP4rev1 first, then IMAP4rev2, nothing twice."""
    before, after = capabilities(State.NOT_AUTHENTICATED), capabilities(State.AUTHENTICATED)

    assert before[:2] == after[:2] == [b"IMAP4rev1", b"IMAP4rev2"]
    assert {b"IDLE", b"ENABLE"} <= set(before) & set(after)
    assert b"MOVE" in after
    assert b"MOVE" not in before
    assert b"SASL-IR" in before
    assert b"SASL-IR" not in after
    assert len(set(after)) == len(after)


def test_what_is_announced_can_be_used() -> None:
    """In the states where its command may be given; ENABLE and IDLE before login too, as they say."""
    early = {b"ENABLE", b"IDLE"}
    for state, usable in [(State.NOT_AUTHENTICATED, State.NOT_AUTHENTICATED), (State.AUTHENTICATED, AUTHENTICATED)]:
        announced = set(capabilities(state))
        for spec in COMMANDS:
            assert spec.when & usable or not announced.intersection(set(spec.capability) - early), spec.name
    before = set(capabilities(State.NOT_AUTHENTICATED))
    assert before == {b"IMAP4rev1", b"IMAP4rev2", b"LITERAL+", b"SASL-IR", b"ID", b"LANGUAGE"} | early
    assert capabilities(State.AUTHENTICATED) == capabilities(State.SELECTED)


def test_all_commands_of_a_capability_bear_it() -> None:
    """Where it is not offered, none of them is left."""
    families = {
        b"ACL": [b"SETACL", b"DELETEACL", b"GETACL", b"LISTRIGHTS", b"MYRIGHTS"],
        b"METADATA": [b"GETMETADATA", b"SETMETADATA"],
        b"QUOTA": [b"GETQUOTA", b"GETQUOTAROOT"],
        b"URLAUTH": [b"GENURLAUTH", b"RESETKEY", b"URLFETCH"],
    }
    for capability, names in families.items():
        for name in names:
            spec = COMMANDS.get(name)
            assert spec is not None
            assert capability in spec.capability, name


def test_uid_variants_are_commands_of_their_own() -> None:
    """With their own text, and free to tell of expunges."""
    fetch, uid_fetch = COMMANDS.get(b"fetch"), COMMANDS.get(b"uid fetch")
    assert fetch
    assert uid_fetch
    assert (fetch.by_uid, fetch.expunges) == (False, False)
    assert (uid_fetch.by_uid, uid_fetch.expunges) == (True, True)
    assert uid_fetch.done == b" OK UID FETCH completed\r\n"
