"""The lists of one account's mailboxes that say who may do what with them, found by the mailboxes' names."""

from pathlib import Path

from mailaccess.storage import acl
from mailaccess.storage.acl import Acl, Who
from mailaccess.storage.boxes import Boxes
from mailaccess.storage.errors import InvalidName
from mailaccess.storage.folders import Folders, normal_name
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.retrying import retried
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.watch import touch_wake


class Acls:
    """All there are. For threads."""

    def __init__(self, root: Path, index: Index, folders: Folders, boxes: Boxes) -> None:
        self._root = root
        self._index = index
        self._folders = folders
        self._boxes = boxes

    def has(self, name: str) -> bool:
        """There is such a mailbox, and a list for it: else its owner may do everything."""
        try:
            path = retried(lambda: self._folders.find(normal_name(name)))
        except InvalidName:
            return False
        return path is not None and acl.is_listed(path)

    def of(self, name: str) -> Acl:
        """The mailbox's list. NoSuchMailbox, NotSelectable."""
        return retried(lambda: acl.read_acl(self._boxes.directory(name)))

    def all(self) -> dict[str, Acl]:
        """Those that there are, by name."""
        return retried(self._read)

    def _read(self) -> dict[str, Acl]:
        return {name: acl.read_acl(path) for name, path in self._folders.mailboxes().items() if acl.is_listed(path)}

    def change(self, name: str, who: Who, change: str | None, owner: str | None, *, negative: bool = False) -> None:
        """Changes an entry of a mailbox's list, or with None removes it. UnknownRight, LimitReached."""

        def work(_: Transaction) -> None:
            acl.change_acl(self._boxes.directory(name), who, change, owner, negative=negative)
            (self._root / acl.LIST).unlink(missing_ok=True)

        retried(lambda: self._index.write(work))
        touch_wake(self._index.wake)  # whoever has it open looks whether he still may
