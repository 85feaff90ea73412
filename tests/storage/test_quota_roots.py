"""Under which names usage is told."""

import pytest

from mailaccess.storage.access import Access
from mailaccess.storage.errors import InvalidName, NoSuchMailbox, NoSuchQuotaRoot, NotPermitted
from mailaccess.storage.quota import Limits, Usage
from tests.storage.people import share


def test_usage_is_told_to_who_may_read_it(ann: Access, bob: Access) -> None:
    """Of others by the name of their quota root; limits are set by the owner alone."""
    ann.create("Work")
    with pytest.raises(NoSuchMailbox):
        bob.quota_roots.of("Users/ann/Work")
    with pytest.raises(NoSuchQuotaRoot):
        bob.quota_roots.look("User quota/ann")

    share(ann, "Work", "lrs")
    root = bob.quota_roots.of("Users/ann/Work")
    assert root == "User quota/ann"
    assert ann.quota_roots.of("INBOX") == "User quota"
    assert bob.quota_roots.look(root) is None
    with pytest.raises(NotPermitted):
        bob.quota_roots.limit(root, Limits(5))

    ann.quota_roots.limit("User quota", Limits(5))
    assert bob.quota_roots.look(root) == ann.quota_roots.look(root) == (Usage(0, 0, 2), Limits(5))
    assert bob.quota_roots.look("User quota") is None


def test_no_other_name_is_a_quota_root(ann: Access, bob: Access) -> None:
    """Not that of nobody's mail, nor that of mail which nothing is shared of."""
    bob.own.create("Users/ann/INBOX")
    for name in ("", "INBOX", "User quota/", "User quota/nobody", "User quota/ann", "User quota/a/b", "Shared quota"):
        with pytest.raises(NoSuchQuotaRoot):
            bob.quota_roots.look(name)
    assert bob.quota_roots.of("Users/ann/INBOX") == "User quota"
    assert bob.quota_roots.of("Nowhere/yet") == "User quota"
    with pytest.raises(InvalidName):
        bob.quota_roots.of("a//b")
