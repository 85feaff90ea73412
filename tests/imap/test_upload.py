"""Messages that wait for the end of their command."""

from mailaccess.imap.append_data import Options
from mailaccess.imap.upload import SMALL, SMALL_TOGETHER, Upload
from tests.world import USER, World

OPTIONS = Options(frozenset(["\\Seen"]), 1_700_000_000)


def test_small_ones_wait_in_memory(world: World) -> None:
    """As long as they are few."""
    upload = Upload()
    assert upload.fits(SMALL)
    assert not upload.fits(SMALL + 1)
    for _ in range(SMALL_TOGETHER // SMALL):
        upload.hold(b"x" * SMALL, OPTIONS)
    assert not upload.fits(1)


def test_all_are_stored_in_their_order(world: World) -> None:
    """Those in memory and those on disk."""
    mailbox = world.accounts.open(USER, None).mailbox("INBOX")
    upload = Upload()
    upload.hold(b"first", OPTIONS)
    incoming = upload.begin(mailbox, Options(frozenset(), None))
    incoming.write(b"second")
    incoming.sync()
    upload.hold(b"third", OPTIONS)

    assert upload.store(mailbox, claiming=False).uids == [1, 2, 3]
    texts = []
    for uid in (1, 2, 3):
        with mailbox.content(uid) as content:
            texts.append(content.read(0, 100))
    assert texts == [b"first", b"second", b"third"]
    assert mailbox.messages.flags[0] == {"\\Seen"}
    assert mailbox.messages.dates[2] == 1_700_000_000


def test_nothing_is_left(world: World) -> None:
    """Of messages that are not stored, nor of those that are."""
    mailbox = world.accounts.open(USER, None).mailbox("INBOX")
    upload = Upload()
    upload.hold(b"first", OPTIONS)
    upload.begin(mailbox, OPTIONS).write(b"half")
    upload.discard()
    upload.discard()

    assert list((world.maildir / "tmp").iterdir()) == []
    assert world.files() == []
