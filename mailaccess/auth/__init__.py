"""Who may log in: names, password schemes, SASL mechanisms, backends, throttling and session limits.

Knows no protocol beyond the names of SASL mechanisms, no socket and no configuration.
"""
