"""What is measured; importing the package fills the table.

table      what a workload is, and of what kinds there are
opening    logging in, SELECT, LIST
reading    FETCH, RETR, NOOP
finding    SEARCH, SORT, THREAD
changing   APPEND, STORE, COPY, EXPUNGE, arrival
clients    what Thunderbird and mbsync do; many sessions at a time
first      mail that is new to the server
"""

from importlib import import_module

from tests.bench.workloads.table import WORKLOADS

for _module in ("opening", "reading", "finding", "changing", "clients", "first"):  # in this order they are measured
    import_module(f"{__name__}.{_module}")

__all__ = ["WORKLOADS"]
