"""What an authentication backend must offer, and how one is loaded by its dotted path.

A backend is one class, its options are its constructor's arguments. All calls may block and come from any thread.
"""

import inspect
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from pydantic import TypeAdapter, ValidationError

BUILT_IN = {"passwd-file": "mailaccess.auth.passwd_file:PasswdFile"}


class BadBackend(ValueError):  # noqa: N818
    """The backend cannot be loaded with these options; `option` is the one to blame, if it is one."""

    def __init__(self, text: str, option: str | None = None) -> None:
        super().__init__(text)
        self.option = option


@dataclass(frozen=True, slots=True)
class Identity:
    """A user who exists. `user` is the name as the backend stores it: the one to use from here on."""

    user: str
    home: str | None = None  # where the mail is, if not where the server's template says
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)  # settings of this account alone, by name


@runtime_checkable
class Backend(Protocol):
    """Knows accounts. A backend that cannot answer now raises OSError; names are given as the client sent them."""

    @property
    def has_secrets(self) -> bool:
        """Does any account have a plaintext secret? Answered from memory: the reactor asks."""

    def verify(self, user: str, password: str) -> Identity | None:
        """The user, if the password is right. Takes about as long for a user who does not exist."""

    def lookup(self, user: str) -> Identity | None:
        """The user, if there is one."""

    def secret(self, user: str) -> str | None:
        """The plaintext secret of a user who has one, for APOP and CRAM-MD5."""

    def version(self) -> Hashable:
        """Cheap. Unequal to any earlier answer if an account may have changed since: cached checks are then void."""

    def users(self) -> Sequence[str]:
        """All names, in the backend's order."""

    def reload(self) -> None:
        """Reads everything anew; OSError if that is impossible."""


def load(dotted: str, options: Mapping[str, Any]) -> Backend:
    """The backend `dotted` ("package.module:Class", or a built-in's short name) with its options. BadBackend."""
    path = BUILT_IN.get(dotted, dotted)
    module, _, name = path.rpartition(":" if ":" in path else ".")
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadBackend(f"there is no authentication backend {dotted!r}: {error}") from error
    backend = factory(**_checked(dotted, inspect.signature(factory, eval_str=True), options))
    if not isinstance(backend, Backend):
        raise BadBackend(f"{dotted!r} is not an authentication backend: it lacks methods that one has")
    return backend


def _checked(dotted: str, signature: inspect.Signature, options: Mapping[str, Any]) -> dict[str, Any]:
    known = ", ".join(signature.parameters)
    for name in options:
        if name not in signature.parameters:
            raise BadBackend(f"backend {dotted!r} has no option {name!r}; it has {known}", name)
    values = {}
    for name, parameter in signature.parameters.items():
        if name in options:
            try:
                values[name] = TypeAdapter(parameter.annotation).validate_python(options[name])
            except ValidationError as error:
                reason = error.errors()[0]["msg"]
                raise BadBackend(f"backend {dotted!r}, option {name!r}: {reason}", name) from error
        elif parameter.default is parameter.empty:
            raise BadBackend(f"backend {dotted!r} needs the option {name!r}", name)
    return values
