"""Reads the settings: one TOML file, the environment on top of it, defaults for the rest.

Whatever is wrong is refused with its file, line and key, and with what was expected there. Paths are relative to the
file (to the current directory where there is none). Nothing here opens what the settings name.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mailaccess.config.settings import PASSWD_FILE, TABLES, Settings, Table

PREFIX = "MAILACCESS_"

Key = tuple[str, ...]

EXPECTED = {  # pydantic's kinds of error, in our words
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "tuple_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_pattern_mismatch": "a host name such as mail.example.org",
}


class ConfigError(Exception):
    """The configuration cannot be used; one line for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Configuration:
    """Settings, and where each came from: "default", "FILE:LINE" or "environment variable NAME"."""

    settings: Settings
    file: Path | None
    origins: Mapping[Key, str]

    def error(self, key: Key, text: str) -> ConfigError:
        """The error to raise for a setting that turns out to be wrong when it is used."""
        return ConfigError([f"{_origin(key, self.origins, self.file)}: {'.'.join(key)}: {text}"])


def load(file: Path | None, environ: Mapping[str, str]) -> Configuration:
    """Reads `file` and the MAILACCESS_SECTION__KEY variables of `environ`. Raises ConfigError."""
    values, origins = _read(file) if file else ({}, {})
    for table in TABLES:
        values.setdefault(table, {})
    for name, text in sorted(environ.items()):
        key = _environment_key(name)
        if key and text:  # an empty variable is one that was not set: "${LIMIT:-}" in a compose file
            _put(values, key, _environment_value(key, text))
            origins[key] = f"environment variable {name}"
    base = file.absolute().parent if file else Path.cwd()
    try:
        settings = Settings.model_validate(values, context={"base": base})
    except ValidationError as error:
        problems = [_problem(details) for details in error.errors()]
    else:
        problems = list(_contradictions(settings))
    if problems:
        raise ConfigError([f"{_origin(key, origins, file)}: {text}" for key, text in problems])
    return Configuration(settings, file, {key: origins.get(key, "default") for key in keys(settings)})


def keys(settings: Settings) -> Iterator[Key]:
    """The key of every setting, in the order of the file."""
    for name in Settings.model_fields:
        table = getattr(settings, name)
        if not isinstance(table, Table):
            yield (name,)
            continue
        for inner in (*type(table).model_fields, *(table.model_extra or {})):
            yield (name, inner)


def key_lines(text: str) -> dict[Key, int]:
    """The line, counted from 1, on which a valid TOML text gives each key and table.

    tomllib tells no positions. So a statement is as many lines as it takes until they are TOML by themselves, and
    tomllib says which keys it holds: quoted and dotted keys and multi-line strings need no second grammar.
    """
    found: dict[Key, int] = {}
    table: Key = ()
    statement, start = "", 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        statement, start = (f"{statement}\n{line}", start) if statement else (line, number)
        try:
            paths = list(_paths(tomllib.loads(statement)))
        except tomllib.TOMLDecodeError:
            continue
        if statement.lstrip().startswith("["):
            table = paths[-1]
            paths = [table]
        else:
            paths = [table + path for path in paths]
        for path in paths:
            found.setdefault(path, start)
        statement = ""
    return found


def _paths(values: Mapping[str, Any]) -> Iterator[Key]:
    for name, value in values.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *path) for path in _paths(value))


def _read(file: Path) -> tuple[dict[str, Any], dict[Key, str]]:
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise ConfigError([f"{file}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{file}: not a text in UTF-8"]) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error))
        what, line = (found[1], found[2]) if found else (str(error), None)
        raise ConfigError([f"{file}:{line or len(text.splitlines())}: not TOML: {what}"]) from None
    return values, {key: f"{file}:{line}" for key, line in key_lines(text).items()}


def _environment_key(name: str) -> Key | None:
    """The key a variable stands for.

    Without "__" only our own top-level keys count: Kubernetes puts MAILACCESS_PORT_143_TCP and the like there, and
    the container image has MAILACCESS_USER.
    """
    if not name.startswith(PREFIX):
        return None
    key = tuple(name.removeprefix(PREFIX).lower().split("__", 1))
    return key if len(key) > 1 or (key[0] in Settings.model_fields and key[0] not in TABLES) else None


def _environment_value(key: Key, text: str) -> Any:
    """What the file would hold: variables have no types of their own, so the key's decides."""
    model = Settings if len(key) == 1 else TABLES.get(key[0], Table)
    field = model.model_fields.get(key[-1])
    annotation = field.annotation if field else Any
    if get_origin(annotation) is tuple and not text.startswith("["):
        return [item.strip() for item in text.split(",")]
    if annotation is str or annotation is Path:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(values: dict[str, Any], key: Key, value: Any) -> None:
    for name in key[:-1]:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            return  # the file has something else in the table's place, which is refused
    values[key[-1]] = value


def _contradictions(settings: Settings) -> Iterator[tuple[Key, str]]:
    """What is wrong though each key by itself is right."""
    if settings.auth.backend == PASSWD_FILE:
        for name in settings.auth.model_extra or {}:
            yield ("auth", name), _unknown(("auth", name))
    for name in ("key", "others"):
        if getattr(settings.tls, name) and not settings.tls.certificate:
            yield ("tls", name), f"tls.{name}: expected tls.certificate beside it"
    if settings.security.group and not settings.security.user:
        yield ("security", "group"), "security.group: expected security.user beside it"
    for name, listens in (("imap", settings.imap), ("pop3", settings.pop3)):
        if "listen_tls" in listens.model_fields_set and listens.listen_tls and not settings.tls.certificate:
            yield (name, "listen_tls"), f"{name}.listen_tls: expected tls.certificate beside it"


def _origin(key: Key, origins: Mapping[Key, str], file: Path | None) -> str:
    """Where a key was given, or else something in it, or the table around it."""
    inside = [origin for other, origin in origins.items() if other[: len(key)] == key]
    around = [origins[key[:length]] for length in range(len(key) - 1, 0, -1) if key[:length] in origins]
    return next(iter(inside + around), str(file or "defaults"))


def _problem(details: ErrorDetails) -> tuple[Key, str]:
    key = tuple(part for part in details["loc"] if isinstance(part, str))
    kind, given = details["type"], details["input"]
    if kind == "extra_forbidden":
        return key, _unknown(key)
    limits = details.get("ctx", {})
    if kind == "value_error":
        expected = str(limits["error"])
    elif kind in EXPECTED:
        expected = EXPECTED[kind].format_map(limits)
    else:
        expected = details["msg"]
    return key, f"{'.'.join(key)}: expected {expected}, not {_shown(given)}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _unknown(key: Key) -> str:
    """The text for a key nobody knows, with the one that may have been meant."""
    table, name = key[:-1], key[-1]
    settings: list[Key] = [(known,) for known in Settings.model_fields if known not in TABLES]
    settings += [(table, known) for table, model in TABLES.items() for known in model.model_fields]
    here = [known for known in settings if known[:-1] == table]
    if not table:
        here += [(known,) for known in TABLES]
    meant = [known for known in settings if known[-1] == name]  # right, but in the wrong table
    near = difflib.get_close_matches(name, [known[-1] for known in here], 1)
    meant += [known for known in here if known[-1] in near]
    if meant:
        return f"unknown key {'.'.join(key)}; did you mean {'.'.join(meant[0])}?"
    return f"unknown key {'.'.join(key)}; expected one of {', '.join(map('.'.join, here))}"
