"""The sans-I/O spine under every protocol: how a session waits, reads, writes and finds its commands."""
