"""The texts of messages: the same whether a glance, the small file or the opened message tells of them."""

import pytest

from mailaccess.imap.columns import GONE
from mailaccess.imap.texts import LARGE, Texts
from mailaccess.storage.mailbox import Mailbox
from tests.world import World

MESSAGES = [
    b"Subject: plain\r\n\r\nApple pie\r\n",
    b"Subject: =?utf-8?q?gr=C3=BCn?=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nap=70le pie\r\n",
    b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\napple pie\n--x\nContent-Type: image/png\n\ngrun\n--x--\n",
    b"Subject: apple pie\r\n\r\n" + b"line\r\n" * (LARGE // 5),
]
FOUND = {
    "APPLE": ([1, 2, 3], [1, 2, 3, 4]),
    "APPLE PIE": ([1, 2, 3], [1, 2, 3, 4]),
    "PLAIN": ([], [1]),
    "GRU\u0308N": ([], [2]),
    "GRUN": ([], []),
    "LINE\r\nLINE": ([4], [4]),
    "IMAGE": ([], [3]),
}


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """One message of each."""
    for message in MESSAGES:
        world.deliver(message, flags="")
    return world.accounts.open("fred", None).mailbox("INBOX")


@pytest.mark.parametrize("loaded", [False, True])
def test_what_they_hold(mailbox: Mailbox, loaded: bool) -> None:
    """Bodies, and headers if that is asked for; the same when asked again."""
    texts = Texts(mailbox)
    uids = list(mailbox.messages.uids)
    if loaded:
        texts.load(uids)

    for needle, (in_body, anywhere) in [*FOUND.items(), *FOUND.items()]:
        assert [uid for uid in uids if texts.hold(uid, needle, header=False)] == in_body
        assert [uid for uid in uids if texts.hold(uid, needle, header=True)] == anywhere


def test_read_once(world: World, mailbox: Mailbox) -> None:
    """What is loaded is answered though the file has gone; what is dropped is not."""
    texts = Texts(mailbox)
    texts.load([1, 2])
    for path in (world.root / "fred" / "cur").iterdir():
        path.unlink()

    assert texts.hold(1, "APPLE", header=False)
    assert list(texts.pieces(2, header=False)) == ["APPLE PIE\r\n"]
    texts.drop()
    with pytest.raises(GONE):
        texts.hold(1, "APPLE", header=False)
