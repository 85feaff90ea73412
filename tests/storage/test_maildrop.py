"""One POP3 session at a time."""

import resource

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.errors import MaildropBusy, MaildropResting
from tests.storage.post import add


def test_a_second_session_is_refused(account: Account, elsewhere: Account) -> None:
    """In this process and in others, until the first is over."""
    with account.maildrop_lock():
        with pytest.raises(MaildropBusy), account.maildrop_lock():
            pass
        with pytest.raises(MaildropBusy), elsewhere.maildrop_lock():
            pass
    with elsewhere.maildrop_lock():
        pass


def test_imap_goes_on(account: Account) -> None:
    """It does not ask for the lock."""
    with account.maildrop_lock():
        assert add(account.mailbox("INBOX")) == [1]


def test_a_full_disk_keeps_nobody_out(account: Account) -> None:
    """Here no file may grow."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with account.maildrop_lock(), pytest.raises(MaildropBusy), account.maildrop_lock():
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_two_sessions_can_be_kept_apart(account: Account) -> None:
    """LOGIN-DELAY."""
    with account.maildrop_lock(60):
        pass
    with pytest.raises(MaildropResting), account.maildrop_lock(60):
        pass
    with account.maildrop_lock(0):
        pass
