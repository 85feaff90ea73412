"""The README's table of standards, made from the command tables; `scripts/standards` writes it there."""

from collections import defaultdict
from pathlib import Path

from mailaccess.imap.registry import BASE, FEATURES
from mailaccess.imap.registry import COMMANDS as IMAP
from mailaccess.pop3.registry import COMMANDS as POP3

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- standards: made by scripts/standards from the command tables; a test compares -->\n"
END = "<!-- end of standards -->"

TITLES = {
    1939: "Post Office Protocol version 3",
    2177: "IMAP IDLE",
    2342: "IMAP NAMESPACE",
    2449: "POP3 extensions: CAPA, response codes, PIPELINING, EXPIRE, LOGIN-DELAY, IMPLEMENTATION",
    2595: "TLS with IMAP and POP3 (STLS)",
    2971: "IMAP ID",
    3348: "IMAP CHILDREN",
    3501: "IMAP4rev1",
    3502: "IMAP MULTIAPPEND",
    3516: "IMAP BINARY",
    3691: "IMAP UNSELECT",
    4314: "IMAP ACL",
    4315: "IMAP UIDPLUS",
    4466: "IMAP extended syntax of SELECT, FETCH, STORE, SEARCH",
    4467: "IMAP URLAUTH",
    4469: "IMAP CATENATE",
    4731: "IMAP ESEARCH",
    4959: "IMAP SASL-IR",
    4978: "IMAP COMPRESS=DEFLATE",
    5032: "IMAP WITHIN",
    5034: "POP3 AUTH",
    5161: "IMAP ENABLE",
    5182: "IMAP SEARCHRES",
    5255: "IMAP LANGUAGE, I18NLEVEL",
    5256: "IMAP SORT, THREAD",
    5258: "IMAP LIST-EXTENDED",
    5267: "IMAP ESORT and CONTEXT",
    5464: "IMAP METADATA, METADATA-SERVER",
    5465: "IMAP NOTIFY",
    5466: "IMAP FILTERS",
    5524: "IMAP URLAUTH=BINARY",
    5550: "IMAP URL-PARTIAL (Lemonade)",
    5819: "IMAP LIST-STATUS",
    5957: "IMAP SORT=DISPLAY",
    6154: "IMAP SPECIAL-USE, CREATE-SPECIAL-USE",
    6203: "IMAP SEARCH=FUZZY",
    6851: "IMAP MOVE",
    6855: "IMAP UTF8=ACCEPT",
    6856: "POP3 UTF8, LANG",
    7162: "IMAP CONDSTORE, QRESYNC",
    7377: "IMAP MULTISEARCH",
    7888: "IMAP LITERAL+",
    7889: "IMAP APPENDLIMIT",
    8437: "IMAP UNAUTHENTICATE",
    8438: "IMAP STATUS=SIZE",
    8440: "IMAP LIST-MYRIGHTS",
    8474: "IMAP OBJECTID",
    8508: "IMAP REPLACE",
    8514: "IMAP SAVEDATE",
    8970: "IMAP PREVIEW",
    9051: "IMAP4rev2",
    9208: "IMAP QUOTA",
    9394: "IMAP PARTIAL",
    9585: "IMAP INPROGRESS",
    9586: "IMAP UIDONLY",
    9590: "IMAP LIST-METADATA",
    9738: "IMAP MESSAGELIMIT",
}


def table() -> str:
    """RFC, title, what of it clients see announced, and its commands."""
    capabilities: dict[int, dict[str, None]] = defaultdict(dict)
    commands: dict[int, dict[str, None]] = defaultdict(dict)
    for feature in FEATURES:
        for rfc in feature.rfc:
            capabilities[rfc][feature.capability.decode()] = None
    capabilities[BASE]["IMAP4rev1"] = None
    for spec in [*IMAP, *POP3]:
        for rfc in spec.rfc:
            commands[rfc][spec.name.decode()] = None
    for spec in POP3:
        for rfc in spec.rfc:
            capabilities[rfc].update(dict.fromkeys(line.decode() for line in spec.capability))
    rows = ["| RFC | what | announced as | commands |", "| --- | --- | --- | --- |"]
    for rfc in sorted({*capabilities, *commands}):
        announced = ", ".join(f"`{name}`" for name in sorted(capabilities[rfc]))
        named = ", ".join(sorted(commands[rfc]))
        rows.append(f"| {rfc} | {TITLES[rfc]} | {announced} | {named} |")
    return "\n".join(rows) + "\n"


def replaced(readme: str) -> str:
    """The README with the table as it should be."""
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    README.write_text(replaced(README.read_text()))
