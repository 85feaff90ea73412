"""The index of one account: UIDs, mod-sequences and cached facts in one SQLite database. Private to storage.

schema       the tables
rows         a mailbox's and a message's row as values
database     connections: one for reading, one for writing; a lost or corrupt file; `reserve` room for it on a full disk
writer       group commit
transaction  what one piece of work reads and changes; `retrying` it when the index was lost
infos        changes of flags alone, many at a time
changed      which messages another process that has a mailbox in memory has to read anew
delta        what it did, for those who have a mailbox in memory
reading      questions that only read; `sums` over all mailboxes
packing      what opening a large mailbox begins with; `promising` what is said of it before that is read
threads      which thread a message is of, over all mailboxes
"""
