"""The passwd-file backend: reading, following changes, upgrading, and what the command line does."""

import fcntl
import hashlib
import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailaccess.auth.backend import Identity
from mailaccess.auth.passwd_file import AccountError, PasswdFile

SHA = "{SHA256.HEX}" + hashlib.sha256(b"secret").hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users"


def backend(path: Path, *lines: str, fold_case: bool = False) -> PasswdFile:
    path.write_text("".join(line + "\n" for line in lines))
    return PasswdFile(path, fold_case)


def test_first_two_fields_are_enough(path: Path) -> None:
    """`user:{SCHEME}hash`"""
    users = backend(path, "tim:{PLAIN}secret")

    assert users.verify("tim", "secret") == Identity("tim", None)
    assert users.verify("tim", "wrong") is None
    assert users.verify("tom", "secret") is None


def test_home_is_the_sixth_field(path: Path) -> None:
    """uid and gid are accepted and not used."""
    users = backend(path, "tim:{PLAIN}secret:1000:1000::/srv/tim:/bin/false:userdb_quota_rule=*:bytes=1")

    assert users.verify("tim", "secret") == Identity("tim", "/srv/tim", {"userdb_quota_rule": "*:bytes=1"})
    assert users.problems == ()


def test_empty_fields_mean_nothing(path: Path) -> None:
    """An empty home is no home."""
    assert backend(path, "tim:{PLAIN}secret::::::").lookup("tim") == Identity("tim", None)


def test_comments_empty_lines_and_crlf(path: Path) -> None:
    """All that an editor leaves behind."""
    users = backend(path, "# users", "", "tim:{PLAIN}secret\r", "  ", "tom:{PLAIN}x::::/home/tom\r")

    assert users.users() == ["tim", "tom"]
    assert users.verify("tim", "secret")
    assert users.lookup("tom") == Identity("tom", "/home/tom")
    assert users.problems == ()


def test_names_are_compared_in_one_normal_form(path: Path) -> None:
    """And told as they are stored, composed."""
    users = backend(path, "jo\u0308rg:{PLAIN}secret")

    assert users.verify("j\u00f6rg", "secret") == Identity("j\u00f6rg")
    assert users.verify("jo\u0308rg", "secret") == Identity("j\u00f6rg")


def test_case_matters(path: Path) -> None:
    """Unless the setting says otherwise."""
    assert backend(path, "Tim:{PLAIN}secret").lookup("tim") is None


def test_folded_case_keeps_the_stored_name(path: Path) -> None:
    """The mail of `Tim` stays where it is."""
    users = backend(path, "Tim:{PLAIN}secret", fold_case=True)

    assert users.verify("tIM", "secret") == Identity("Tim")


def test_bad_lines_are_reported_with_file_and_line(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And do not hurt the others."""
    users = backend(
        path,
        "tim:{PLAIN}secret",
        "no colon",
        "../up:{PLAIN}x",
        "tom:{ROT13}x",
        "tom2:plain",
        "tim:{PLAIN}second",
        "home:{PLAIN}x::::/a\0b",
        "cut:{SSHA256}AAAA",
        ":{PLAIN}x",
        "relative:{PLAIN}x::::mail/relative",
    )
    with caplog.at_level(logging.WARNING):
        found = [problem.partition(": ")[0] for problem in users.problems]

    assert found == [f"{path}:{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert [record.getMessage() for record in caplog.records] == list(users.problems)
    assert users.verify("tim", "secret")
    assert users.verify("tim", "second") is None


def test_name_that_folds_too_long_is_reported(path: Path) -> None:
    """It is a name as it stands, but not to be compared."""
    users = backend(path, "\u0130" * 127 + ":{PLAIN}x", "tim:{PLAIN}secret", fold_case=True)

    assert len(users.problems) == 1
    assert users.users() == ["tim"]


def test_octets_that_are_no_utf8_are_one_bad_line(path: Path) -> None:
    """The file is read on."""
    path.write_bytes(b"j\xf6rg:{PLAIN}x\ntim:{PLAIN}p\xe4ss\n")
    users = PasswdFile(path)

    assert len(users.problems) == 1
    assert users.verify("tim", b"p\xe4ss".decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("field", ["*", "!", "x", "{CRYPT}*", "!{PLAIN}secret"])
def test_locked_accounts_are_no_problem(path: Path, field: str) -> None:
    """Nobody can log in, as was meant; the account exists."""
    users = backend(path, f"tim:{field}")

    assert users.verify("tim", "secret") is None
    assert users.lookup("tim") == Identity("tim")
    assert users.problems == ()


@pytest.mark.parametrize("extra", ["nologin", "nologin=y", "a=b allow_nets=10.0.0.0/8,fe80::/10"])
def test_restrictions_that_are_unknown_here_refuse_the_account(path: Path, extra: str) -> None:
    """An account limited to some networks does not become open to all."""
    users = backend(path, f"tim:{{PLAIN}}secret::::::{extra}")

    assert users.verify("tim", "secret") is None
    assert users.secret("tim") is None
    assert not users.has_secrets
    assert len(users.problems) == 1


@pytest.mark.parametrize("name", ["", "..", "a/b", "\0", "tim\n", "x" * 300])
def test_impossible_names_are_nobody(path: Path, name: str) -> None:
    """They come from clients."""
    users = backend(path, "tim:{PLAIN}secret")

    assert users.verify(name, "secret") is None
    assert users.lookup(name) is None
    assert users.secret(name) is None


def test_secrets_are_those_in_plain(path: Path) -> None:
    """And the backend knows whether there is any."""
    users = backend(path, "tim:{PLAIN}secret", f"tom:{SHA}")

    assert users.has_secrets
    assert users.secret("tim") == "secret"
    assert users.secret("tom") is None
    assert users.secret("nobody") is None
    assert not backend(path, f"tom:{SHA}").has_secrets


FIELDS = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"tim", b"{PLAIN}x", b"{SSHA.HEX}00", b"{MD5}$1$", b"$2y$05$", b"$argon2id$v=19$m=", b"\0", b"", b"\r"]
    ),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.lists(FIELDS, max_size=9).map(b":".join), max_size=6))
def test_any_octets_are_accounts_or_problems(path: Path, lines: list[bytes]) -> None:
    """Whatever the file holds, those accounts that are whole can log in."""
    path.write_bytes(b"\n".join([*lines, b"last:{PLAIN}secret"]))
    users = PasswdFile(path)

    assert users.verify("last", "secret")
    assert isinstance(users.problems, tuple)


# -- changes


def test_changed_file_is_read_again(path: Path) -> None:
    """However it was changed: written over within one tick of the clock and at the same size, or replaced."""
    users = backend(path, "tim:{PLAIN}secret")
    assert users.verify("tim", "secret")

    path.write_text("tim:{PLAIN}Secret\n")
    assert users.verify("tim", "secret") is None
    assert users.verify("tim", "Secret")

    other = path.with_name("other")
    other.write_text("tom:{PLAIN}secret\n")
    other.replace(path)
    assert users.users() == ["tom"]


def test_version_changes_with_the_file(path: Path) -> None:
    """And is equal to itself once the file is old enough for its times to be trusted."""
    users = backend(path, "tim:{PLAIN}secret")
    assert users.version() != users.version()

    long_ago = users.path.stat().st_ctime - 3600
    os.utime(path, (long_ago, long_ago))
    settle(users)
    before = users.version()
    assert users.version() == before
    path.write_text("tim:{PLAIN}Secret\n")

    assert users.version() != before


def settle(users: PasswdFile) -> None:
    """Looks at the file until its times are old enough to be trusted."""
    while users.version() != users.version():
        pass


def test_missing_file_is_an_error_at_first_and_on_reload(path: Path) -> None:
    """The server says so when it starts."""
    users = PasswdFile(path)

    assert not users.has_secrets
    with pytest.raises(FileNotFoundError):
        users.verify("tim", "secret")
    with pytest.raises(FileNotFoundError):
        users.reload()


def test_file_that_vanishes_does_not_lock_everybody_out(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An editor that removes and writes anew is not noticed; the log says it once."""
    users = backend(path, "tim:{PLAIN}secret")
    users.reload()
    path.unlink()

    assert users.verify("tim", "secret")
    assert users.verify("tim", "secret")
    assert len(caplog.records) == 1
    path.write_text("tim:{PLAIN}other\n")
    assert users.verify("tim", "other")


# -- upgrade


def test_old_hash_is_upgraded_on_login(path: Path) -> None:
    """Comments, strange lines, other fields and the mode are kept."""
    users = backend(path, "# kept", "strange", f"tim:{SHA}:1:2:g:/home/tim:sh:a=b:c", "", f"tom:{SHA}")
    path.chmod(0o640)

    assert users.verify("tim", "secret") == Identity("tim", "/home/tim", {"a": "b:c"})

    lines = path.read_text().split("\n")
    assert lines[2].startswith("tim:{ARGON2ID}$argon2id$")
    assert lines[2].endswith(":1:2:g:/home/tim:sh:a=b:c")
    assert lines[:2] + lines[3:] == ["# kept", "strange", "", f"tom:{SHA}", ""]
    assert path.stat().st_mode & 0o777 == 0o640
    assert users.verify("tim", "secret") == Identity("tim", "/home/tim", {"a": "b:c"})


def test_wrong_password_upgrades_nothing(path: Path) -> None:
    """The file is untouched."""
    users = backend(path, f"tim:{SHA}")
    users.verify("tim", "wrong")

    assert path.read_text() == f"tim:{SHA}\n"


def test_upgrade_is_skipped_while_somebody_edits(path: Path) -> None:
    """The login is not held up; the next one does it."""
    users = backend(path, f"tim:{SHA}")

    with path.open() as editor:
        fcntl.flock(editor, fcntl.LOCK_EX)
        assert users.verify("tim", "secret")
    assert path.read_text() == f"tim:{SHA}\n"

    assert users.verify("tim", "secret")
    assert "{ARGON2ID}" in path.read_text()


def test_upgrade_does_not_undo_a_new_password(path: Path) -> None:
    """One that was set while the old one was being checked."""
    users = backend(path, f"tim:{SHA}")
    checked = users._find("tim")
    assert checked is not None
    path.write_text("tim:{PLAIN}new\n")

    users._upgrade(checked, "secret")

    assert path.read_text() == "tim:{PLAIN}new\n"


def test_upgrade_is_skipped_where_the_file_cannot_be_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder allows no new file: the login succeeds all the same."""

    def no_room(*_: object, **__: object) -> tuple[int, str]:
        raise PermissionError

    users = backend(path, f"tim:{SHA}")
    monkeypatch.setattr("tempfile.mkstemp", no_room)

    assert users.verify("tim", "secret")
    assert path.read_text() == f"tim:{SHA}\n"


# -- the command line


def test_add_makes_the_file(path: Path) -> None:
    """With one account that can log in."""
    users = PasswdFile(path)
    users.add("tim@example.org", "secret")
    users.add("tom", "other", home="/srv/tom")

    assert users.users() == ["tim@example.org", "tom"]
    assert users.verify("tim@example.org", "secret") == Identity("tim@example.org")
    assert users.verify("tom", "other") == Identity("tom", "/srv/tom")
    assert "{ARGON2ID}" in path.read_text()


def test_add_after_a_line_without_end(path: Path) -> None:
    """The last line stays a line of its own."""
    path.write_text("tim:{PLAIN}secret")
    users = PasswdFile(path)
    users.add("tom", "other")

    assert users.users() == ["tim", "tom"]


def test_add_refuses_who_is_there(path: Path) -> None:
    """In any spelling that is the same name."""
    users = backend(path, "J\u00f6rg:{PLAIN}secret", fold_case=True)

    with pytest.raises(AccountError, match="already"):
        users.add("JO\u0308RG", "x")
    assert path.read_text() == "J\u00f6rg:{PLAIN}secret\n"


@pytest.mark.parametrize("name", ["a:b", "#a", " a", "a ", "../a", ""])
def test_add_refuses_names_the_file_cannot_hold(path: Path, name: str) -> None:
    """A line is split at colons; a # makes it a comment."""
    with pytest.raises(ValueError):
        PasswdFile(path).add(name, "x")
    assert not path.exists()


@pytest.mark.parametrize(
    ("password", "home"), [("", None), ("a\0", None), ("x", "/a:b"), ("x", "/a\nb"), ("x", "mail/tim")]
)
def test_add_refuses_passwords_and_homes_that_are_none(path: Path, password: str, home: str | None) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError):
        PasswdFile(path).add("tim", password, home)
    assert not path.exists()


def test_set_password_keeps_the_rest_of_the_line(path: Path) -> None:
    """And takes effect at once."""
    users = backend(path, "# c", "tim:{PLAIN}secret:1:2::/home/tim\r", "tom:{PLAIN}x")
    users.set_password("tim", "new")

    assert users.verify("tim", "new") == Identity("tim", "/home/tim")
    assert users.verify("tim", "secret") is None
    assert path.read_bytes().startswith(b"# c\ntim:{ARGON2ID}")
    assert path.read_bytes().endswith(b":1:2::/home/tim\r\ntom:{PLAIN}x\n")


def test_set_password_of_a_bare_line(path: Path) -> None:
    """Two fields, no line end."""
    path.write_text("tim:")
    users = PasswdFile(path)
    users.set_password("tim", "new")

    assert users.verify("tim", "new")


def test_an_extra_field_is_set_and_removed(path: Path) -> None:
    """The rest of the line stays as it is; missing fields before it are made."""
    users = backend(path, "tim:{PLAIN}secret", "tom:{PLAIN}x:1:2::/home/tom:/bin/sh:quota=1G a=b:c\r")
    users.set_extra("tim", "quota", "storage=2G")
    users.set_extra("tom", "quota", "3G")
    assert path.read_bytes() == (
        b"tim:{PLAIN}secret::::::quota=storage=2G\ntom:{PLAIN}x:1:2::/home/tom:/bin/sh:a=b:c quota=3G\r\n"
    )
    assert users.lookup("tim") == Identity("tim", None, {"quota": "storage=2G"})

    users.set_extra("tom", "quota", None)
    assert users.lookup("tom") == Identity("tom", "/home/tom", {"a": "b:c"})
    with pytest.raises(AccountError):
        users.set_extra("nobody", "quota", "1G")
    for value in ("1 G", "", "1\nG", "\u00e9"):
        with pytest.raises(ValueError):
            users.set_extra("tim", "quota", value)


def test_remove_takes_the_line_away(path: Path) -> None:
    """Only that one."""
    users = backend(path, "# c", "tim:{PLAIN}secret", "tom:{PLAIN}x")
    users.remove("tim")

    assert path.read_text() == "# c\ntom:{PLAIN}x\n"
    assert users.verify("tim", "secret") is None


def test_unknown_users_are_named(path: Path) -> None:
    """Whoever mistypes is told."""
    users = backend(path, "tim:{PLAIN}secret")

    with pytest.raises(AccountError, match="tom"):
        users.set_password("tom", "x")
    with pytest.raises(AccountError, match="tom"):
        users.remove("tom")
