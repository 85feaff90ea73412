"""Storage's errors as response codes."""

import inspect

from mailaccess.imap.refusals import _CODES, refusal
from mailaccess.storage import errors


def test_every_storage_error_has_its_code() -> None:
    """A new error must be given one."""
    kinds = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.StorageError) and kind is not errors.StorageError
    }

    assert kinds == set(_CODES)


def test_the_text_is_the_errors() -> None:
    """What storage says is fit for a user."""
    no = refusal(errors.NoSuchMailbox("There is no mailbox x"))
    assert (str(no), no.code) == ("There is no mailbox x", b"NONEXISTENT")
