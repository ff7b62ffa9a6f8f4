"""Ask several hosts at once and keep every answer, the errors too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sbsim.errors import SbsimError
from sbsim.machines import parallel
from sbsim.machines.parallel import Named
from sbsim.management.entities import Host
from sbsim.management.errors import words_of
from sbsim.management.management import Management

N = TypeVar("N", bound=Named)
T = TypeVar("T")


def ask(
    hosts: Iterable[N], question: Callable[[N], T]
) -> tuple[dict[str, T], dict[str, SbsimError]]:
    """Ask every host; return the answers and the errors, each by the host's name in their order."""

    def one(host: N) -> T | SbsimError:
        try:
            return question(host)
        except SbsimError as error:
            return error

    answers: dict[str, T] = {}
    errors: dict[str, SbsimError] = {}
    for name, answer in parallel(hosts, one).items():
        if isinstance(answer, SbsimError):
            errors[name] = answer
        else:
            answers[name] = answer
    return answers, errors


def disconnect(
    management: Management, storage: str, hosts: Iterable[Host]
) -> tuple[dict[str, None], dict[str, SbsimError]]:
    """Take hosts out of the storage of that uuid, all at once."""
    return ask(hosts, lambda host: management.agent(host).disconnect(storage, host.uuid))


def listed(errors: Mapping[str, SbsimError]) -> str:
    """Errors as text, each with its host's name in front exactly once."""
    return "; ".join(
        text if (text := words_of(error)).startswith(f"{name}:") else f"{name}: {text}"
        for name, error in errors.items()
    )
