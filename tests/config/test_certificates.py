"""mailaccess.config.certificates: the files named in [tls]."""

from pathlib import Path

import pytest
import trustme

from mailaccess.config import ConfigError, Configuration, load
from mailaccess.config.certificates import certificates


def written(directory: Path, text: str) -> Configuration:
    (directory / "mail.toml").write_text(text)
    return load(directory / "mail.toml", {})


def issue(file: Path) -> None:
    trustme.CA().issue_cert("mail.example.org").private_key_and_cert_chain_pem.write_to_path(str(file))


def test_none_is_right(tmp_path: Path) -> None:
    """Without a certificate there is no TLS."""
    assert certificates(written(tmp_path, "")) is None


def test_certificate_and_key_may_be_one_file(tmp_path: Path) -> None:
    """And there may be more of them."""
    issue(tmp_path / "a.pem")
    issue(tmp_path / "b.pem")

    assert certificates(written(tmp_path, '[tls]\ncertificate = "a.pem"\nothers = ["b.pem"]')) is not None


def test_all_missing_files_are_named_with_their_lines(tmp_path: Path) -> None:
    """Nobody has to mend them one at a time."""
    with pytest.raises(ConfigError) as caught:
        certificates(written(tmp_path, '[tls]\ncertificate = "a.pem"\nkey = "a.key"\nothers = ["b.pem"]'))

    assert [problem.partition(": No such file")[0] for problem in caught.value.problems] == [
        f"{tmp_path}/mail.toml:2: tls.certificate: {tmp_path}/a.pem",
        f"{tmp_path}/mail.toml:3: tls.key: {tmp_path}/a.key",
        f"{tmp_path}/mail.toml:4: tls.others: {tmp_path}/b.pem",
    ]


def test_a_file_that_holds_no_certificate(tmp_path: Path) -> None:
    """Is said to."""
    (tmp_path / "a.pem").write_text("oops")

    with pytest.raises(ConfigError, match=r"mail\.toml:2: tls\.certificate: .*a\.pem: no certificate in PEM form"):
        certificates(written(tmp_path, '[tls]\ncertificate = "a.pem"'))
