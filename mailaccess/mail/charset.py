"""From octets to text at any price: charsets that are wrong, unknown or not named at all are everyday mail."""

import re
from encodings.aliases import aliases

_NOT_CHARSETS = {
    *("base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"),
    *("mbcs", "tactis"),
}
# Only codecs named here are looked up: codecs.lookup() remembers each unknown name for ever and knows "unicode_escape"
# and "punycode", which a stranger's mail has no business calling.
_CODECS = {
    **{name: codec for name, codec in aliases.items() if codec not in _NOT_CHARSETS},
    **{codec: codec for codec in aliases.values() if codec not in _NOT_CHARSETS},
    **{name: name for name in ("koi8_u", "koi8_t", "cp720", "cp737", "cp874", "mac_arabic", "mac_farsi")},
    # Where a charset's name is commonly given to mail in its superset, the superset is meant.
    **dict.fromkeys(("latin_1", "iso_8859_1", "iso8859_1", "iso88591", "latin1", "l1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312_80", "csgb2312", "cp936", "gb_2312"), "gb18030"),
    **dict.fromkeys(("euc_kr", "euckr", "ks_c_5601", "ks_c_5601_1987", "ks_c_5601_1989"), "cp949"),
    **dict.fromkeys(("shift_jis", "sjis", "shiftjis", "windows_31j"), "cp932"),
    **dict.fromkeys(("iso_8859_8_i", "iso_8859_8_e"), "iso8859_8"),
    "windows_874": "cp874",
    "iso_8859_11": "iso8859_11",
    "tis_620": "iso8859_11",
    "mac": "mac_roman",
}
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def to_text(data: bytes, charset: str | None) -> str:
    """The text. With a charset that is unknown or wrong it is UTF-8 if it can be, else the best guess at it."""
    named = codec(charset) if charset else None
    if named == "ascii":
        named = None  # it is UTF-8 if it is anything
    if named:
        try:
            text = data.decode(named)
            return _paired(text) if named == "utf_7" else text
        except ValueError:
            pass
    try:
        return data.decode("utf-8")
    except ValueError:
        return _paired(data.decode(named or "latin-1", "replace"))


def _paired(text: str) -> str:
    """The text with surrogates, which Python's UTF-7 lets through alone, paired or replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def codec(charset: str) -> str | None:
    """Python's name of the codec for a charset; None for an unknown one."""
    name = _SEPARATORS.sub("_", charset.lower()).strip("_")
    return _CODECS.get(name) or _CODECS.get(name.removeprefix("x_")) or _CODECS.get(name.replace("_", ""))
