"""A combined POP3 and IMAP mailbox access server over plain Maildirs."""
