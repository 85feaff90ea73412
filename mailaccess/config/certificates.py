"""The certificates that the settings name, apart from `applying`: a delivery need not wait for the TLS library."""

from pathlib import Path

from mailaccess.config.source import ConfigError, Configuration, Key
from mailaccess.net.tls import BadCertificate, Certificates, Pair
from mailaccess.privileges import unreadable


def certificates(configuration: Configuration) -> Certificates | None:
    """The certificates with their keys; None where there are none. ConfigError says what is wrong with each file."""
    tls = configuration.settings.tls
    if tls.certificate is None:
        return None
    named: list[tuple[Key, Path | None]] = [(("tls", "certificate"), tls.certificate), (("tls", "key"), tls.key)]
    named += [(("tls", "others"), file) for file in tls.others]
    problems = []
    for key, file in named:
        for problem in unreadable([file] if file else []):
            problems += configuration.error(key, problem).problems
    if problems:
        raise ConfigError(problems)
    try:
        return Certificates([Pair(tls.certificate, tls.key), *map(Pair, tls.others)])
    except BadCertificate as error:
        raise configuration.error(("tls", "certificate"), str(error)) from None
