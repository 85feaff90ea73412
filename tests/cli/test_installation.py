"""mailaccess.cli.installation: a directory becomes a server."""

from pathlib import Path

from mailaccess.cli.installation import accounts, configuration_file, prepare
from mailaccess.config import load
from mailaccess.privileges import unreadable


def test_a_new_directory_has_all_a_server_needs(tmp_path: Path) -> None:
    """Configuration, certificate and key; nobody else may read them."""
    prepare(tmp_path / "root", host="127.0.0.1", hostname="localhost")
    settings = load(configuration_file(tmp_path / "root"), {}).settings
    tls = settings.tls

    assert tls.certificate is not None
    assert tls.key is not None
    assert unreadable([tls.certificate, tls.key, settings.auth.path]) == []
    assert configuration_file(tmp_path / "root").parent.stat().st_mode & 0o077 == 0
    assert [str(endpoint) for endpoint in settings.imap.listen] == ["127.0.0.1:1143"]
    assert Path(settings.storage.maildir).resolve() == tmp_path / "root" / "{user}"


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """A second start changes nothing."""
    prepare(tmp_path, host="127.0.0.1", hostname="localhost")
    directory = configuration_file(tmp_path).parent
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    prepare(tmp_path, host="*", hostname="other")

    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_its_accounts(tmp_path: Path) -> None:
    """Are those its configuration names."""
    prepare(tmp_path, host="*", hostname="localhost", top='hostname = "localhost"\n')
    loaded = load(configuration_file(tmp_path), {})

    assert accounts(tmp_path).path == loaded.settings.auth.path
    assert loaded.settings.hostname == "localhost"
