"""The network: Twisted connections that drive sessions, listeners, TLS, worker processes."""
