"""IMAP: grammar, commands and what one client has been told. Knows no file, socket, thread or clock."""
