"""Hypothesis strategies for mail: valid messages as trees, and what the world does to them."""

from hypothesis import strategies as st

TEXTS = st.lists(
    st.sampled_from([b"hello", b"--", b"-- ", b"--b", b"", b"From here", b".", b"\xe4\xff", b"=41", b"\0"]),
    max_size=4,
).map(b"\r\n".join)

LEAF_HEADERS = st.sampled_from(
    [
        b"",
        b"Content-Type: text/plain; charset=utf-8\r\n",
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Language: de, en\r\n",
        b'Content-Type: image/png; name="a\r\n b"\r\nContent-Disposition: inline; filename=x\r\nContent-ID: <a@b>\r\n',
        b"X-Other: Content-Type: multipart/mixed\r\nContent-Description: =?utf-8?q?x?=\r\n",
    ]
)


def _leaf(header: bytes, text: bytes) -> bytes:
    return header + b"\r\n" + text


def _message_part(message: bytes) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" + message


@st.composite
def _multipart(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    parts = draw(st.lists(children, min_size=1, max_size=3))
    boundary = b"=_0_"
    while any(boundary in part for part in parts):
        boundary = b"=_%d_" % (int(boundary[2:-1]) + 1)
    subtype = draw(st.sampled_from([b"mixed", b"alternative", b"related"]))
    lines = [b"preamble"] if draw(st.booleans()) else []
    for part in parts:
        lines += [b"--" + boundary, part]
    lines.append(b"--" + boundary + b"--")
    if draw(st.booleans()):
        lines.append(b"epilogue\r\n")
    return b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n%b' % (subtype, boundary, b"\r\n".join(lines))


ENTITIES = st.recursive(
    st.builds(_leaf, LEAF_HEADERS, TEXTS), lambda inner: _multipart(inner) | inner.map(_message_part), max_leaves=8
)
MESSAGES = ENTITIES.map(lambda entity: b"From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + entity)
"""Well-formed messages in wire form."""


@st.composite
def mutated(draw: st.DrawFn, messages: st.SearchStrategy[bytes]) -> bytes:
    """A valid message with pieces cut out, doubled, moved and overwritten."""
    data = draw(messages)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 60)))
        middle = draw(
            st.sampled_from([b"", data[start:end] * 2, b"\n", b"\r\n\r\n", b"--", b'"', b"\0", b";", b"Content-Type:"])
        )
        data = data[:start] + middle + data[end:]
    return data
