"""What a handler raises to end its command other than by OK; `serving` renders it."""


class Bad(Exception):  # noqa: N818 - named as the response
    """Tagged BAD: the grammar was broken; says what was expected. `code` as in No."""

    def __init__(self, text: str, code: bytes = b"") -> None:
        super().__init__(text)
        self.code = code


class No(Exception):  # noqa: N818
    """Tagged NO: understood and refused. `code` is a response code without its brackets (RFC 5530)."""

    def __init__(self, text: str, code: bytes = b"") -> None:
        super().__init__(text)
        self.code = code


class Bye(Exception):  # noqa: N818
    """Untagged BYE, then the connection closes."""
