"""The mailboxes of one account, found by their names."""

from pathlib import Path

from mailaccess.storage.box import Box
from mailaccess.storage.errors import NoSuchMailbox, NotSelectable
from mailaccess.storage.folders import SEPARATOR, Folders, normal_name
from mailaccess.storage.index.database import Index
from mailaccess.storage.quota import Quota


class Boxes:
    """All there are. For threads."""

    def __init__(self, root: Path, index: Index, folders: Folders, quota: Quota) -> None:
        self._root = root
        self._index = index
        self._folders = folders
        self._quota = quota

    def open(self, name: str) -> Box:
        """The mailbox, entered into the index if need be. NoSuchMailbox, NotSelectable."""
        self._index.verify()
        path = self.directory(name)
        return self.inside("" if path == self._root else path.name)

    def inside(self, directory: str) -> Box:
        """The one in a directory below the account's root, or with "" in that itself."""
        return Box(self._root, self._index, directory, self._quota)

    def directory(self, name: str) -> Path:
        """Where it is. NoSuchMailbox, NotSelectable."""
        name = normal_name(name)
        path = self._folders.find(name)
        if path is None:
            if any(other.startswith(name + SEPARATOR) for other in self._folders.mailboxes()):
                raise NotSelectable(f"{name} is only the parent of other mailboxes")
            raise NoSuchMailbox(f"there is no mailbox {name}")
        return path
