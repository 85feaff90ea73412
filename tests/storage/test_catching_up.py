"""Sums over an account, after other programs' doings. More in `test_quota`."""

import pytest

from mailaccess.storage import catching_up
from mailaccess.storage.account import Account
from mailaccess.storage.catching_up import CatchUp
from mailaccess.storage.folders import Folders
from mailaccess.storage.index import reading
from tests.storage.post import arrive


def test_where_nothing_happened_nothing_is_done(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at each directory."""
    account.create("Work")
    catch_up = CatchUp(account.root, account.index, Folders(account.root))
    assert catch_up() == 2

    monkeypatch.setattr(catching_up, "sync", None)
    assert catch_up() == 2


def test_a_directory_that_lacks_its_parts_is_mended(account: Account) -> None:
    """Then it is as any other."""
    (account.root / ".Work" / "cur").mkdir(parents=True)
    CatchUp(account.root, account.index, Folders(account.root))()
    assert (account.root / ".Work" / "new").is_dir()


def test_much_to_look_at_is_looked_at_less_often(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a share of the time."""
    monkeypatch.setattr(catching_up, "_LITTLE", 0.0)
    monkeypatch.setattr(catching_up, "_SHARE", 10**9)
    catch_up = CatchUp(account.root, account.index, Folders(account.root))
    assert catch_up() == 1
    arrive(account.root)
    catch_up()
    assert account.index.read(reading.usage) == (0, 0)

    monkeypatch.setattr(catch_up, "_rest_until", 0.0)
    catch_up()
    assert account.index.read(reading.usage)[1] == 1
