"""POP3 (RFC 1939): a thin reader of the INBOX. Knows no file, socket, thread or clock."""
