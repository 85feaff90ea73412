"""When a large mailbox is packed for the next process to open it, and with what: see `index.packing`."""

from contextlib import AbstractContextManager
from functools import partial

from mailaccess.storage.box import Box
from mailaccess.storage.index import changed, packing, reading
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.memory import Memory

_LARGE = 1000  # messages for which it is worth while
_FEW = 100  # changes that are read from their rows ...
_PART = 100  # ... and so small a part of the messages is few, too
_LONG = changed.KEPT // 2  # versions of its row after which it may soon not be known any more what changed


def pack(box: Box, memory: Memory, lock: AbstractContextManager[object]) -> None:
    """Writes down a mailbox as it is in memory, if much has happened since it was. `lock`: around writing to memory."""
    if len(memory.messages) < _LARGE:
        return
    header = box.index.read_apart(partial(packing.header, mailbox=box.id))
    few = max(_FEW, len(memory.messages) // _PART)
    if (
        header
        and header.unsized <= memory.row.unsized
        and memory.messages.changes_since(header.modseq) < few
        and memory.row.version - header.version < _LONG
    ):
        return
    sizes = {}
    if memory.unsized > memory.row.unsized:  # another process found sizes out, which is not told as news
        sizes = box.index.read_apart(partial(reading.sizes, mailbox=box.id))
    with lock:
        memory.set_sizes(sizes)
        row, (fresh, chunks) = memory.row, memory.packed()

    def write(transaction: Transaction) -> None:
        if box.row(transaction).version == row.version:  # else it has changed meanwhile
            packing.write(transaction.connection, row.id, fresh, chunks)

    box.index.write(write, durable=False)
