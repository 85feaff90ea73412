"""What a message is: structure, headers, addresses, dates, text, threads. Pure; it never raises on bad mail.

lines      line ends, and the size a message has on the wire
headers    fields and what their values mean; `address` and `dates` in them, `subject` without its Re:
mime       the parts of a message, as offsets; `envelope` what IMAP takes from its header
text       a part's text for people and for searching: `transfer` encodings undone, `charset` to Unicode
preview    a message's first words; `fuzzy` words found though mistyped
thread     threads of many messages
flags      names of flags; `mutf7` of mailboxes
"""
