"""mailaccess.config.source: where settings come from, and how what is wrong is named."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailaccess.config import ConfigError, Configuration, load
from mailaccess.config.source import Key, key_lines, keys


def read(directory: Path, text: str, environ: Mapping[str, str] | None = None) -> Configuration:
    """Loads `text` as directory/mail.toml."""
    file = directory / "mail.toml"
    file.write_text(text)
    return load(file, environ or {})


def value(loaded: Configuration, key: Key) -> object:
    """What a setting is."""
    found: object = loaded.settings
    for name in key:
        found = getattr(found, name)
    return found


def refusal(directory: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """What is said of `text`, without the directory's name."""
    with pytest.raises(ConfigError) as caught:
        read(directory, text, environ)
    return [problem.replace(f"{directory}/", "") for problem in caught.value.problems]


def test_no_file_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without file and environment all is default, relative to the current directory."""
    monkeypatch.chdir(tmp_path)
    loaded = load(None, {})

    assert loaded.settings.storage.maildir == f"{tmp_path}/maildirs/{{user}}"
    assert set(loaded.origins.values()) == {"default"}


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Wherever the command is given, a path means the same."""
    loaded = read(tmp_path, '[tls]\ncertificate = "cert.pem"\nkey = "/etc/key.pem"\n[auth]\npath = "users"')

    assert loaded.settings.tls.certificate == tmp_path / "cert.pem"
    assert loaded.settings.tls.key == Path("/etc/key.pem")
    assert loaded.settings.auth.path == tmp_path / "users"


def test_each_value_knows_where_it_came_from(tmp_path: Path) -> None:
    """The environment wins over the file, the file over the default."""
    environ = {"MAILACCESS_LIMITS__SESSIONS_PER_USER": "7"}
    loaded = read(tmp_path, "[limits]\nsessions_per_user = 5\n\nsessions_per_address = 6", environ)

    assert (loaded.settings.limits.sessions_per_user, loaded.settings.limits.sessions_per_address) == (7, 6)
    assert loaded.origins["limits", "sessions_per_user"] == "environment variable MAILACCESS_LIMITS__SESSIONS_PER_USER"
    assert loaded.origins["limits", "sessions_per_address"] == f"{tmp_path}/mail.toml:4"
    assert loaded.origins["limits", "line"] == "default"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[limits]\n\nsesions_per_user = 1",
            "3: unknown key limits.sesions_per_user; did you mean limits.sessions_per_user?",
        ),
        ("sessions_per_user = 1", "1: unknown key sessions_per_user; did you mean limits.sessions_per_user?"),
        ("[imaps]", "1: unknown key imaps; did you mean imap?"),
        ("[log]\nfrobnicate = 1", "2: unknown key log.frobnicate; expected one of log.level, log.format"),
        ("[auth]\npth = 'users'", "2: unknown key auth.pth; did you mean auth.path?"),
        ('workers = "many"', '1: workers: expected a whole number, or "auto", not "many"'),
        ('[pop3]\nexpire = "soon"', '2: pop3.expire: expected a number of days, or "never", not "soon"'),
        ("workers = 0", "1: workers: expected at least 1, not 0"),
        ("imap = 143", "1: imap: expected a table, not 143"),
        ('imap.listen = "*:143"', '1: imap.listen: expected a list, not "*:143"'),
        ("[pop3]\nmark_seen = 1", "2: pop3.mark_seen: expected true or false, not 1"),
        ("hostname = 1", "1: hostname: expected text in quotes, not 1"),
        ("[log]\nformat = 'xml'", "2: log.format: expected 'auto', 'json' or 'text', not \"xml\""),
        ("[limits]\nmessage_size = 12", "2: limits.message_size: expected at least 1024, not 12"),
        ('[tls]\nkey = "k"', "2: tls.key: expected tls.certificate beside it"),
        ('[imap]\nlisten_tls = ["*:993"]', "2: imap.listen_tls: expected tls.certificate beside it"),
        ('[security]\ngroup = "mail"', "2: security.group: expected security.user beside it"),
        ("a = \n", "1: not TOML: Invalid value"),
        ("a = [1,\n2,\n", "2: not TOML: Invalid value"),
        ('a = 1\nb = """x', "2: not TOML: Unterminated string"),
        ("a = 1\na = 2\n", "2: not TOML: Cannot overwrite a value"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """File, line, key, and what was expected."""
    assert refusal(tmp_path, text) == [f"mail.toml:{problem}"]


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    """Nobody has to mend a file one error at a time."""
    problems = refusal(tmp_path, "workers = 0\n[log]\nlevel = 3", {"MAILACCESS_IMAP__LISTEN": "localhost"})

    assert [problem.split(": ")[0] for problem in problems] == [
        "mail.toml:1", "environment variable MAILACCESS_IMAP__LISTEN", "mail.toml:3",
    ]  # fmt: skip


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """A missing file and one that is no text are refused like a wrong one."""
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory"):
        load(tmp_path / "none.toml", {})
    (tmp_path / "latin.toml").write_bytes(b'hostname = "\xe9"')
    with pytest.raises(ConfigError, match=r"latin\.toml: not a text in UTF-8"):
        load(tmp_path / "latin.toml", {})


def test_the_environment_speaks_the_keys_type() -> None:
    """Numbers, sizes, lists with commas or as TOML, and text that looks like a number."""
    environ = {
        "MAILACCESS_WORKERS": "3",
        "MAILACCESS_HOSTNAME": "42",
        "MAILACCESS_LIMITS__MESSAGE_SIZE": "10M",
        "MAILACCESS_IMAP__LISTEN": "127.0.0.1:1143, [::1]:1143",
        "MAILACCESS_POP3__LISTEN": "[]",
        "MAILACCESS_AUTH__FOLD_CASE": "true",
    }
    settings = load(None, environ).settings

    assert (settings.workers, settings.hostname, settings.limits.message_size) == (3, "42", 10 << 20)
    assert settings.imap.listen == (("127.0.0.1", 1143), ("::1", 1143))
    assert settings.pop3.listen == ()
    assert settings.auth.fold_case is True


def test_an_empty_variable_is_not_set() -> None:
    """`${LIMIT:-}` of a compose file leaves the default."""
    assert load(None, {"MAILACCESS_WORKERS": ""}).origins["workers",] == "default"


def test_other_peoples_variables_are_left_alone() -> None:
    """What Kubernetes and the container image put there is not a setting; a wrong SECTION__KEY is refused."""
    load(None, {"MAILACCESS_PORT_143_TCP": "tcp://10.0.0.1:143", "MAILACCESS_USER": "ann", "MAILACCESS_IMAP": "x"})
    with pytest.raises(ConfigError, match=r"MAILACCESS_IMAP__PORT: unknown key imap\.port"):
        load(None, {"MAILACCESS_IMAP__PORT": "143"})
    with pytest.raises(ConfigError, match="variable MAILACCESS_LIMIT__LINE: unknown key limit; did you mean limits"):
        load(None, {"MAILACCESS_LIMIT__LINE": "143"})


def test_another_backend_has_options_of_its_own(tmp_path: Path) -> None:
    """They are passed on as written; our own backend's defaults are not among them."""
    settings = read(tmp_path, '[auth]\nbackend = "mine.auth:Ldap"\nurl = "ldap://x"').settings

    assert settings.auth.options == {"url": "ldap://x"}


def test_lines_of_keys() -> None:
    """Dotted and quoted keys, inline tables, arrays of tables, values over several lines, CRLF."""
    text = (
        'top = 1\r\n[a]\n"b c" = """\n[fake]\nx = 1\n"""\nlist = [\n 1,\n]\ni = {j = 1}\n[a.d]\ne.f = 2\n[[g]]\nh = 1'
    )
    expected = {
        ("top",): 1, ("a",): 2, ("a", "b c"): 3, ("a", "list"): 7, ("a", "i"): 10, ("a", "i", "j"): 10,
        ("a", "d"): 11, ("a", "d", "e"): 12, ("a", "d", "e", "f"): 12, ("g",): 13, ("g", "h"): 14,
    }  # fmt: skip

    assert key_lines(text) == expected


def test_the_readmes_example_is_right(tmp_path: Path) -> None:
    """It has every key there is, with the default unless the comment says otherwise."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    example = re.sub(r"^# (\w+ = )", r"\1", example, flags=re.MULTILINE)
    loaded, defaults = read(tmp_path, example), read(tmp_path, "")
    otherwise = {key for key, line in key_lines(example).items() if "default:" in example.split("\n")[line - 1]}

    assert [key for key, origin in loaded.origins.items() if origin == "default"] == []
    assert {key for key in keys(loaded.settings) if value(loaded, key) != value(defaults, key)} <= {
        *otherwise, ("tls", "certificate"),
    }  # fmt: skip
