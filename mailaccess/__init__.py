"""A combined POP3 and IMAP4rev1 mailbox access server over plain Maildirs."""
