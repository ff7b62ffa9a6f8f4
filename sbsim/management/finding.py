"""Find what a user names, by its name or its uuid."""

from __future__ import annotations

from typing import TypeVar

from sbsim.management.entities import Cluster, Host, PrimaryStorage, Zone
from sbsim.management.errors import BAD_ARGUMENT, Refused
from sbsim.management.management import Management
from sbsim.management.store import Transaction

E = TypeVar("E", Zone, Cluster, Host, PrimaryStorage)

_WORDS: dict[type, str] = {
    Zone: "zone",
    Cluster: "cluster",
    Host: "host",
    PrimaryStorage: "primary storage",
}


def find(management: Management, kind: type[E], name: str) -> E:
    """The one row of that name or uuid. Raises Refused where there is none, or several."""
    with management.store.transaction() as rows:
        return find_in(rows, kind, name)


def find_in(rows: Transaction, kind: type[E], name: str) -> E:
    """The same, within a transaction."""
    found = rows.all(kind, uuid=name) or rows.all(kind, name=name)
    word = _WORDS[kind]
    if not found:
        known = ", ".join(dict.fromkeys(row.name for row in rows.all(kind))) or "none yet"
        raise Refused(BAD_ARGUMENT, f"there is no {word} {name!r}; known: {known}")
    if len(found) > 1:
        uuids = ", ".join(row.uuid for row in found)
        raise Refused(BAD_ARGUMENT, f"{len(found)} {word}s are called {name!r}; name one: {uuids}")
    return found[0]
