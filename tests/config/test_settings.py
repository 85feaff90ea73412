"""mailaccess.config.settings: what each kind of setting may hold."""

import ast
import inspect
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailaccess import server
from mailaccess.auth.passwd_file import PasswdFile
from mailaccess.cli import deliver
from mailaccess.config import ConfigError, Endpoint, Settings, applying, certificates, grants, load
from mailaccess.config.source import keys


def settings(environ: Mapping[str, str]) -> Settings:
    return load(None, {f"MAILACCESS_{name}": value for name, value in environ.items()}).settings


def refused(name: str, value: str) -> bool:
    try:
        settings({name: value})
    except ConfigError:
        return True
    return False


def test_the_defaults() -> None:
    """What the documentation promises of a server nobody configured."""
    it = settings({})

    assert [str(endpoint) for endpoint in it.imap.listen + it.imap.listen_tls] == ["*:143", "*:993"]
    assert [str(endpoint) for endpoint in it.pop3.listen + it.pop3.listen_tls] == ["*:110", "*:995"]
    assert it.security.plaintext_login == "loopback"
    assert (it.limits.sessions_per_user, it.limits.sessions_per_address) == (50, 200)
    assert it.limits.connections == 10_000
    assert it.workers >= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:143", Endpoint("127.0.0.1", 143)),
        ("[::1]:993", Endpoint("::1", 993)),
        ("*:0", Endpoint("", 0)),
    ],
)
def test_endpoints(text: str, expected: Endpoint) -> None:
    """An address and a port, and back to the same text."""
    [endpoint] = settings({"IMAP__LISTEN": f'["{text}"]'}).imap.listen

    assert endpoint == expected
    assert str(endpoint) == text


@pytest.mark.parametrize(
    "text", ["143", "localhost:143", "::1:143", "127.0.0.1", "127.0.0.1:65536", "300.0.0.1:1", "[1]:1"]
)
def test_what_is_no_endpoint(text: str) -> None:
    """Names would be looked up at start; a port alone leaves open who may connect."""
    assert refused("IMAP__LISTEN", f'["{text}"]')


@pytest.mark.parametrize(("text", "expected"), [("2048", 2048), ("2K", 2048), ("2 m", 2 << 20), ("1G", 1 << 30)])
def test_sizes(text: str, expected: int) -> None:
    """Octets, or with a binary unit."""
    assert settings({"LIMITS__MESSAGE_SIZE": text}).limits.message_size == expected


@pytest.mark.parametrize(("text", "expected"), [("90", 90), ("90s", 90), ("30m", 1800), ("1h", 3600)])
def test_times(text: str, expected: int) -> None:
    """Seconds, or with a unit."""
    assert settings({"LIMITS__IMAP_IDLE": text}).limits.imap_idle == expected


@pytest.mark.parametrize("text", ["-1", "1.5", "true", "10 parsecs", "M"])
def test_what_is_neither_size_nor_time(text: str) -> None:
    """Negative, broken, of another type, or in a unit nobody knows."""
    assert refused("LIMITS__MESSAGE_SIZE", text)
    assert refused("LIMITS__IMAP_IDLE", text)


def test_networks() -> None:
    """An address is a network of one; host bits are forgiven."""
    expected = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::1/128"))

    assert settings({"SECURITY__TRUSTED_NETWORKS": "10.1.2.3/8, fd00::1"}).security.trusted_networks == expected
    assert refused("SECURITY__PROXY_NETWORKS", "10.0.0.0/33")


@pytest.mark.parametrize("template", ["/srv/mail", "/srv/{domain}", "/srv/{user}/{group}", "/srv/{user"])
def test_a_template_tells_users_apart(template: str) -> None:
    """All users in one directory, and placeholders nobody fills, are refused."""
    assert refused("STORAGE__MAILDIR", template)


@pytest.mark.parametrize("name", ["WORKERS", "LIMITS__PASSWORD_CHECKS"])
def test_as_many_as_there_are_cores(name: str) -> None:
    """Or a number of one's own."""
    cores = os.cpu_count() or 1
    assert (settings({}).workers, settings({}).limits.password_checks) == (cores, cores)
    assert settings({name: "auto"}) == settings({})
    assert settings({name: "7"}) != settings({})
    assert refused(name, "0")
    assert refused(name, "some")


def test_expire() -> None:
    """Days, or never."""
    assert settings({"POP3__EXPIRE": "never"}).pop3.expire is None
    assert settings({"POP3__EXPIRE": "30"}).pop3.expire == 30
    assert refused("POP3__EXPIRE", "soon")


def test_every_setting_is_read() -> None:
    """Where it is put to use; nobody can set what has no effect."""
    users = (server, applying, certificates, grants, deliver)
    trees = [ast.parse(Path(module.__file__ or "").read_text()) for module in users]
    read = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    ours = [key for key in keys(settings({})) if key[0] != "auth"]

    assert [key for key in ours if key[-1] not in read] == []


def test_our_backend_takes_the_settings_of_auth() -> None:
    """What [auth] declares are its constructor's arguments."""
    assert set(settings({}).auth.options) == set(inspect.signature(PasswdFile).parameters)


def test_who_fetches_urls_for_others() -> None:
    """Users by application; one alone stands in a list, too."""
    given = {"IMAP__URL_APPLICATIONS": '{ submit = ["postfix"], stream = [] }'}
    assert settings(given).imap.url_applications == {"submit": ("postfix",), "stream": ()}
    assert refused("IMAP__URL_APPLICATIONS", '{ submit = "postfix" }')
    assert refused("IMAP__URL_APPLICATIONS", '["postfix"]')


@pytest.mark.parametrize("name", ["a/b", "inbox", "50%", "*", "a\tb"])
def test_a_namespace_is_a_plain_name(name: str) -> None:
    """It is the first part of mailbox names."""
    assert refused("SHARING__USERS", name)
    assert not refused("SHARING__USERS", "")
    assert not refused("SHARING__SHARED", "Öffentlich")
