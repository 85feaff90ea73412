"""The log: one line an event, whoever tells it; readable on a terminal."""

import json
import os
import pty
import subprocess
import sys
from typing import Any

PROGRAM = """
import logging, sys, warnings
from mailaccess.net import logs
logs.configure({arguments})
logs.adopt_twisted()
{body}
"""


def logged(body: str, arguments: str = "") -> list[dict[str, Any]]:
    """What a program writes to standard error, line by line."""
    program = PROGRAM.format(arguments=arguments, body=body)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == ""
    return [json.loads(line) for line in result.stderr.splitlines()]


def test_lines_of_the_standard_library_and_of_structlog_are_alike() -> None:
    """One form for whoever reads them."""
    one, other = logged(
        "logging.getLogger('a').warning('%s came', 'x')\nimport structlog\nstructlog.get_logger('a').warning('x came')"
    )

    assert list(one)[:4] == ["time", "level", "process", "event"]
    for line in (one, other):
        line.pop("time")
        line.pop("process")
    assert one == other == {"level": "warning", "event": "x came", "logger": "a"}


def test_an_exception_is_one_line_with_its_traceback() -> None:
    """And without the values of variables: one may be a password."""
    body = "try:\n    password = 'secret1'\n    1 // 0\nexcept ArithmeticError:\n    logging.exception('oh')"
    [line] = logged(body)

    assert "ZeroDivisionError" in line["exception"]
    assert "secret1" not in json.dumps(line).replace("password = 'secret1'", "")


def test_twisted_and_warnings_go_the_same_way() -> None:
    """Its failures with their tracebacks; not its news."""
    lines = logged(
        "from twisted.python import log, failure\n"
        "log.msg('Starting factory')\n"
        "log.err(failure.Failure(ValueError('bad')), 'why')\n"
        "warnings.warn('old')"
    )

    assert len(lines) == 2
    assert "ValueError: bad" in lines[0]["event"]
    assert "old" in lines[1]["event"]


def test_the_level_is_chosen() -> None:
    """What is below is not written."""
    body = "logging.debug('d')\nlogging.info('i')\nlogging.error('e')"

    assert [line["event"] for line in logged(body)] == ["i", "e"]
    assert [line["event"] for line in logged(body, "'error'")] == ["e"]
    assert [line["event"] for line in logged(body, "'debug'")] == ["d", "i", "e"]


def test_on_a_terminal_it_is_readable() -> None:
    """Coloured text, unless asked for otherwise; no local variables there either."""
    ours, theirs = pty.openpty()
    body = "try:\n    hidden = 'sec' + 'ret'\n    1 // 0\nexcept ArithmeticError:\n    logging.exception('oh')"
    program = PROGRAM.format(arguments="", body=body)
    subprocess.run([sys.executable, "-c", program], stderr=theirs, check=True)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 4096):
            text += piece
    except OSError:  # the end of a terminal
        pass
    os.close(ours)

    assert b"\x1b[" in text
    assert b"oh" in text
    assert b"ZeroDivisionError" in text
    assert b"secret" not in text
