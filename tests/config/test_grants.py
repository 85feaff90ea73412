"""mailaccess.config.grants: what an account may hold, by its own settings and everybody's."""

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.auth.passwd_file import PasswdFile
from mailaccess.config import load
from mailaccess.config.grants import NAMES, Grants, parse, read, render
from mailaccess.config.settings import Quota
from mailaccess.storage.quota import Allowance, Limits

G = 1 << 30


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, {}),
        ({"imap_without": "QRESYNC"}, {}),
        ({"quota": "1G"}, {"storage": G}),
        ({"quota": "1000"}, {"storage": 1000}),
        ({"quota": "storage=2g,messages=1000,mailboxes=50"}, {"storage": 2 * G, "messages": 1000, "mailboxes": 50}),
        ({"quota": "messages=none,storage=0"}, {"storage": None, "messages": None}),
        ({"userdb_quota_rule": "*:storage=1G:messages=1000"}, {"storage": G, "messages": 1000}),
        ({"quota_rule": "*:storage=1000"}, {"storage": 1024_000}),
        ({"userdb_quota_rule": "*:storage=0"}, {"storage": None}),
        ({"userdb_quota_rule": "*:ignore"}, {"storage": None, "messages": None}),
        ({"userdb_quota_rule": "*:bytes=1000", "userdb_quota_rule2": "Trash:storage=+10%"}, {"storage": 1000}),
        ({"userdb_quota_storage_size": "1G", "userdb_quota_message_count": "5"}, {"storage": G, "messages": 5}),
        ({"quota_mailbox_count": "7"}, {"mailboxes": 7}),
        ({"userdb_quota_rule": "*:storage=1G:messages=9", "quota": "2G"}, {"storage": 2 * G, "messages": 9}),
    ],
)
def test_what_an_account_says(extra: dict[str, str], said: dict[str, int | None]) -> None:
    """In our words or in Dovecot's; ours go first."""
    assert read(extra) == said


@pytest.mark.parametrize("text", ["", "much", "1X", "-1", "1.5G", "storage=", "size=1", "1G,1G", "messages=1k", "1G 5"])
def test_what_cannot_be_meant(text: str) -> None:
    """Is refused in words that say what can."""
    with pytest.raises(ValueError, match="expected"):
        parse(text)


@given(st.dictionaries(st.sampled_from(NAMES), st.none() | st.integers(1, 10**18 - 1)))
def test_what_is_written_is_read(said: dict[str, int | None]) -> None:
    """Nothing said is the empty text."""
    text = render(said)
    assert (parse(text) if text else {}) == said


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users"
    path.write_text("ann:{PLAIN}x\nbob:{PLAIN}x::::::quota=2G\ntim:{PLAIN}x::::::quota=much\n")
    return path


def test_an_accounts_own_go_before_everybodys(users: Path) -> None:
    """Of what it says nothing, those count; a change counts at once."""
    grants = Grants(PasswdFile(users), Quota(storage=G, messages=1000, soft=True))
    assert grants("ann") == grants("nobody") == Allowance(Limits(G, 1000), True)
    assert grants("bob") == Allowance(Limits(2 * G, 1000), True)

    users.write_text("bob:{PLAIN}x::::::quota=storage=none,mailboxes=5\n")
    assert grants("bob").limits == Limits(None, 1000, 5)


def test_what_is_wrong_is_said_and_changes_nothing(users: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The account has everybody's."""
    with caplog.at_level(logging.WARNING):
        assert Grants(PasswdFile(users), Quota(storage=G))("tim").limits == Limits(G)
    assert "tim has a wrong quota, 'much'" in caplog.text


def test_accounts_that_cannot_be_asked(users: Path, tmp_path: Path) -> None:
    """What was heard of them before, or everybody's."""
    grants = Grants(PasswdFile(tmp_path / "none"), Quota(messages=5))
    assert grants("ann").limits == Limits(None, 5)


def test_there_is_none_by_default() -> None:
    """Nobody is surprised."""
    quota = load(None, {}).settings.quota
    assert Limits(quota.storage, quota.messages, quota.mailboxes) == Limits()
    assert (quota.soft, quota.full) == (False, "retry")
