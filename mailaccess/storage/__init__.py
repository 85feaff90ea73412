"""The one storage layer: Maildirs on disk and their index. Synchronous; knows no protocol and no sequence number.

The Maildir is the truth for messages and flags, the index for UIDs and mod-sequences; `dovecot-uidlist` beside the mail
lets UIDs outlive the index. From what protocols use down to what touches files:

accounts     all accounts: where a user's mail is, how many indexes are open
access       what one user comes at: his account, and of others' what their lists let him have; `namespaces` where
             the names lead that he gives to their mailboxes, `authorization` what he may do there, `quota_roots` under
             which names usage is told
account      one user's mail: mailboxes, subscriptions, annotations, care; `loaded` its mailboxes in memory, `acls` who
             may do what with which
status       STATUS: the sums of a mailbox that nobody need have open
overview     names and sums of all mailboxes at once; `quiet`: whether anything has happened in them
mailbox      one mailbox: what sessions share; every call on messages begins here. Below it `following`, how it follows
             disk and index, `listeners` whom it tells of news, `openable`, which opens messages, and `remembered`, what
             memory tells. `packed`: what opening a large one begins with; `opening`: that it is open before all its
             messages are in memory (`reopening`), or even in the index (`first_opening`); `lingering`: which mailboxes
             go on listening to the kernel without sessions
viewed       the same for somebody who has less than all rights, or flags of his own: a `viewer`
feed         what changes in an account, for those who watch more of it than one mailbox; of it they have a `picture`
messages     its rows in memory, and `memory`, which keeps them up to date

Each of these runs in a write transaction, which is the lock between threads and processes:
sync         from disk to index: what other programs did. `survey` compares names before the lock is taken, those
             that were `heard` of or all; `first_scan` enters what was there before the index; `takeover` reads what
             they wrote beside the mail
writing      APPEND and delivery
flagging     STORE, keywords, \\Recent
transfer     COPY and MOVE; `crossing` from one account to another
replacing    REPLACE
expunging    EXPUNGE; `vanished` is what was expunged since
tree         mailboxes made, deleted, renamed
quota        what may be added: limits, and usage by the index's sums; `catching_up` on what other programs did
maintenance  what is due from time to time, and `check`
contents     opening messages, and what is computed from them once; `ahead` whose files the index is asked for before
small        small messages read whole, many at a time
locating     where a file is that was renamed just now
box          a mailbox's directory and its row in the index, and how the two find each other; `boxes` by name

text/        the full-text index
index/       UIDs, mod-sequences and cached facts in SQLite: connections, group commit, tables

Files alone, without UIDs and index:
maildir      one Maildir: scans that can be believed, renames that never overwrite; `incoming` what arrives in its tmp/;
             `names` of its files; `delivery` their order, `pieces` how a million are put in order
folders      the Maildir++ tree and its names; `subscriptions`; `special_uses`
maildrop     the lock that POP3 sessions take
keywords     the names of the letters a-z, and what exceeds them
uidlist      Dovecot's and Courier's lists of UIDs; `uidvalidity`; `courier` its keywords
acl          who may do what with a mailbox; `rights` as letters; `sharers` who shares something with whom
personal     a viewer's own flags in another's mailbox
metadata     annotations; `access_keys` the secrets of URLs given to others
maildirsize  limits and usage as delivery agents know them
content      one message's octets in wire form
watch        inotify, and polling where it does not see
disk         durable replacement, rename without overwriting
errors       what storage refuses
"""
