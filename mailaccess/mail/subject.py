"""The base subject of a message, by which it is sorted and threaded (RFC 5256 2.1)."""

import re

_BLANKS = re.compile(r"[ \t\r\n]+")
_BLOB = r"\[[^\[\]\0]*\] *"
_LEADER = re.compile(rf"(?: |(?:{_BLOB})*(?:re|fwd?) *(?:{_BLOB})?:)", re.IGNORECASE | re.ASCII)
_BLOBS = re.compile(rf"(?:{_BLOB})*({_BLOB})")
_TRAILER = "(fwd)"
_FORWARD = "[fwd:"


def base_subject(decoded: str) -> tuple[str, bool]:
    """The base subject of a decoded Subject, and whether it says that the message is a reply or a forward.

    Takes time in proportion to the subject's length: it moves two ends over it and never looks back.
    """
    text = _BLANKS.sub(" ", decoded)
    start, end = 0, len(text)
    reply = False
    while True:
        while end > start:  # (2)
            if text[end - 1] == " ":
                end -= 1
            elif text[max(end - len(_TRAILER), start) : end].lower() == _TRAILER:
                end -= len(_TRAILER)
                reply = True
            else:
                break
        while True:
            leader = _LEADER.match(text, start, end)  # (3)
            if leader:
                start = leader.end()
                reply = reply or leader[0] != " "
                continue
            blobs = _BLOBS.match(text, start, end)  # (4), all that would go one by one: they lead to no (3)
            if not blobs:
                break
            rest = blobs.end() if blobs.end() < end else blobs.start(1)
            if rest == start:
                break
            start = rest
        if text[start : min(start + len(_FORWARD), end)].lower() != _FORWARD or text[end - 1] != "]":  # (6)
            return text[start:end], reply
        start += len(_FORWARD)
        end -= 1
        reply = True
