"""Two processes on one account, and a foreign one beside them that renames, removes and delivers."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import StorageError
from mailaccess.storage.mailbox import Action
from tests.storage.post import add, arrive, flags_of, settings, texts

SECONDS = 3.0


def work(root: Path, name: str) -> None:
    """Run in a process of its own: appends, flags, copies, moves, expunges its own; then prints what it was told."""
    chance = random.Random(name)
    accounts = Accounts(settings(root))
    account = accounts.open("fred", None)
    inbox, other = account.mailbox("INBOX"), account.mailbox("Work")
    appended: dict[int, str] = {}
    gone: list[int] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            inbox.sync()
            known = list(inbox.messages.uids)
            some = sorted(chance.sample(known, min(len(known), 3)))
            match chance.randrange(6):
                case 0 | 1:
                    text = f"{name} {len(appended)}"
                    appended[add(inbox, f"{text}\n".encode())[0]] = text
                case 2:
                    inbox.store(some, Action.ADD, frozenset([chance.choice([SEEN, "$One", "$Two", DELETED])]))
                case 3:
                    inbox.copy(some, other)
                case 4:
                    gone += [uid for uid, _ in inbox.move(some[:1], other)]
                case 5:
                    gone += inbox.expunge([uid for uid in some if uid in appended])
        except StorageError as error:
            if "try again" not in str(error):
                raise
    accounts.close()
    print(json.dumps({"appended": list(appended.items()), "gone": gone}))


def start(root: Path, name: str) -> "subprocess.Popen[str]":
    """Begins `work` elsewhere."""
    script = (
        f"from pathlib import Path; from tests.storage.test_processes import work; work(Path({str(root)!r}), {name!r})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )


def meddle(root: Path, chance: random.Random) -> str | None:
    """One act of a program that knows nothing of us. What it delivered."""
    files = [path for where in ("cur", "new") for path in (root / where).iterdir()]
    if not files or chance.random() < 0.3:
        text = f"delivered {time.time_ns()}"
        arrive(root, f"{text}\n".encode())
        return text
    path = chance.choice(files)
    base, _, letters = path.name.partition(":2,")
    target = root / "cur" / f"{base}:2,{''.join(sorted(set(letters) ^ {'F'}))}"
    try:
        path.rename(target)
    except FileNotFoundError:
        return None
    return None


def test_everybody_agrees_in_the_end(account: Account, tmp_path: Path) -> None:
    """Nobody lost a message, no UID was given twice, and all caches say the same."""
    account.create("Work")
    processes = [start(tmp_path, name) for name in ("ann", "bob")]
    chance = random.Random(7)
    delivered = []
    while any(process.poll() is None for process in processes):
        delivered.append(meddle(account.root, chance))
        time.sleep(0.02)
    told = [json.loads(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    inbox, work = account.mailbox("INBOX"), account.mailbox("Work")
    here, there = texts(inbox), texts(work)

    appended = {uid: text for each in told for uid, text in each["appended"]}
    assert len(appended) == sum(len(each["appended"]) for each in told)
    gone = {uid for each in told for uid in each["gone"]}
    assert gone.isdisjoint(here)
    for uid, text in appended.items():
        assert uid in gone or here[uid] == f"{text}\r\n".encode()
    alive = {*here.values(), *there.values()}
    assert [text for text in delivered if text and f"{text}\r\n".encode() not in alive] == []
    assert len(set(here.values())) == len(here)
    assert account.check() == []
    fresh = Accounts(settings(tmp_path))
    again = fresh.open("fred", None).mailbox("INBOX")
    assert (texts(again), flags_of(again)) == (here, flags_of(inbox))
    fresh.close()
