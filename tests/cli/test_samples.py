"""mailaccess.cli.samples: the copy is a working Maildir."""

from pathlib import Path

from mailaccess.cli.samples import SAMPLES, copy_samples


def test_every_folder_can_take_mail(tmp_path: Path) -> None:
    """Git keeps no empty directories; a Maildir needs them."""
    copy_samples(tmp_path / "ann")
    folders = [tmp_path / "ann", *(path for path in (tmp_path / "ann").iterdir() if path.name.startswith("."))]

    assert len(folders) > 5
    assert all((folder / name).is_dir() for folder in folders for name in ("cur", "new", "tmp"))


def test_every_message_is_copied_with_its_time(tmp_path: Path) -> None:
    """Octets as they are; the time of arrival from the name."""
    copy_samples(tmp_path / "ann")
    originals = [path for path in SAMPLES.rglob("*.example.org*") if path.is_file()]

    assert len(originals) >= 30
    for original in originals:
        copied = tmp_path / "ann" / original.relative_to(SAMPLES)
        assert copied.read_bytes() == original.read_bytes()
        assert int(copied.stat().st_mtime) == int(original.name.split(".")[0])


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """As any mail."""
    copy_samples(tmp_path / "ann")

    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "ann", *(tmp_path / "ann").rglob("*")))


def test_an_interrupted_copy_is_begun_again(tmp_path: Path) -> None:
    """What an earlier start left half done is in nobody's way."""
    (tmp_path / ".ann.partial" / "cur").mkdir(parents=True)
    copy_samples(tmp_path / "ann")

    assert (tmp_path / "ann" / "cur").is_dir()
    assert not (tmp_path / ".ann.partial").exists()
