"""`mailaccess config`: is the configuration right, and what is in force."""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from mailaccess.cli.context import config_option, enter
from mailaccess.config import ConfigError, Configuration
from mailaccess.config.applying import read_backend
from mailaccess.config.certificates import certificates
from mailaccess.config.source import Key

SECRET = ("password", "secret", "token")
"""Options of other people's backends whose names hold one of these are not shown."""


@click.group()
def command() -> None:
    """Check or show the configuration."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path), envvar="MAILACCESS_CONFIG", required=False)
def check(file: Path | None) -> None:
    """Say what is wrong with the configuration in FILE, if anything, and with the files it names."""
    loaded = enter(file)
    logging.disable(logging.WARNING)  # the same problems, which are listed here
    try:
        problems = list(_problems(loaded))
    finally:
        logging.disable(logging.NOTSET)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"{loaded.file or 'The default configuration'} is right.")


@command.command()
@config_option
def show(file: Path | None) -> None:
    """Show every setting and where it comes from, as TOML."""
    loaded = enter(file)
    table = ""
    for key, origin in loaded.origins.items():
        if len(key) > 1 and key[0] != table:
            table = key[0]
            click.echo(f"\n[{table}]")
        value = _toml(_value(loaded, key))
        setting = f"# {key[-1]} is not set" if value is None else f"{key[-1]} = {value}"
        click.echo(f"{setting:<50}  # {origin}")


def _problems(loaded: Configuration) -> Iterator[str]:
    """What cannot be seen from the configuration alone."""
    try:
        certificates(loaded)
    except ConfigError as error:
        yield from error.problems
    try:
        yield from getattr(read_backend(loaded), "problems", ())
    except ConfigError as error:
        yield from error.problems


def _value(loaded: Configuration, key: Key) -> object:
    value: object = loaded.settings
    for name in key:
        value = getattr(value, name)
    return "(not shown)" if key[0] == "auth" and any(word in key[-1] for word in SECRET) else value


def _toml(value: object) -> str | None:
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value) if value is not None else None
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return "[" + ", ".join(str(_toml(item)) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(item)}" for name, item in value.items()) + "}"
    return json.dumps(str(value), ensure_ascii=False)
