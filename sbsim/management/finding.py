"""Find what a user names, by its name or its uuid."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TypeVar

from sbsim.management.entities import (
    Cluster,
    DiskOffering,
    Host,
    Image,
    InstanceOffering,
    PrimaryStorage,
    Snapshot,
    VmInstance,
    Volume,
    Zone,
)
from sbsim.management.errors import BAD_ARGUMENT, Refused
from sbsim.management.management import Management
from sbsim.management.store import Transaction

E = TypeVar(
    "E",
    Zone,
    Cluster,
    Host,
    PrimaryStorage,
    Image,
    InstanceOffering,
    DiskOffering,
    VmInstance,
    Volume,
    Snapshot,
)

_WORDS: dict[type, str] = {
    Zone: "zone",
    Cluster: "cluster",
    Host: "host",
    PrimaryStorage: "primary storage",
    Image: "image",
    InstanceOffering: "instance offering",
    DiskOffering: "disk offering",
    VmInstance: "VM instance",
    Volume: "volume",
    Snapshot: "snapshot",
}
MOST_NAMES = 10


def find(management: Management, kind: type[E], name: str) -> E:
    """The one row of that name or uuid. Raises Refused where there is none, or several."""
    with management.store.transaction() as rows:
        return find_in(rows, kind, name)


def find_in(rows: Transaction, kind: type[E], name: str) -> E:
    """The same, within a transaction."""
    found = rows.all(kind, uuid=name) or rows.all(kind, name=name)
    word = _WORDS[kind]
    if not found:
        raise Refused(
            BAD_ARGUMENT,
            f"there is no {word} {name!r}; {_advice(name, [row.name for row in rows.all(kind)])}",
        )
    if len(found) > 1:
        uuids = ", ".join(row.uuid for row in found)
        raise Refused(BAD_ARGUMENT, f"{len(found)} {word}s are called {name!r}; name one: {uuids}")
    return found[0]


def _advice(name: str, known: list[str]) -> str:
    """The names that are near to one that is not there, else those that are."""
    names = list(dict.fromkeys(known))
    near = get_close_matches(name, names, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    if len(names) > MOST_NAMES:
        names[MOST_NAMES:] = [f"and {len(names) - MOST_NAMES} more"]
    return f"known: {', '.join(names) or 'none yet'}"
