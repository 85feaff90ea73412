"""Who may log in: names, password schemes, SASL mechanisms, backends, throttling and session limits.

Knows no protocol beyond the names of SASL mechanisms, no socket and no configuration.

authenticator  what protocols use: checks credentials, counts sessions
sasl           mechanisms, as generators of challenges; credentials
backend        what knows accounts, and how one is loaded; `passwd_file` ours, `file_edit` how it is changed
schemes        password hashes, with `md5` and `libcrypt` for two that no library of Python's knows; `saslprep` and
               `names` say how passwords and user names are compared
ledger         sessions and failed logins, shared by workers: `store` its file, `process` whose they are
throttle       what failed logins cost, and whose addresses they are counted for
"""
