"""A simulated machine's packages: what its release's archive offers, and what is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sbsim.sim.releases import text


@dataclass(frozen=True)
class Package:
    """A package: its version, what it takes, the bytes of its file, what it needs and brings.

    `needs` are names of other packages that the archive offers; `commands` those of its programs.
    """

    name: str
    version: str
    installed_kib: int
    bytes: int | None = None
    needs: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def archive(release: str) -> dict[str, Package]:
    """Every package that a release's archive offers, by name."""
    known = json.loads(text(release, "packages.json"))
    return {name: _package(name, fields) for name, fields in known.items()}


def _package(name: str, fields: dict[str, Any]) -> Package:
    lists = {key: tuple(fields.get(key, ())) for key in ("needs", "commands")}
    return Package(name, **{**fields, **lists})


class Packages:
    """The packages of one machine. What its image has from the start is not counted here."""

    def __init__(self, release: str) -> None:
        self.offered = archive(release)
        self.installed: list[str] = []
        self._commands = {
            command: package.name
            for package in self.offered.values()
            for command in package.commands
        }

    def lacks(self, command: str) -> bool:
        """Whether a command is that of a package which is not installed."""
        return self._commands.get(command, command) in set(self.offered) - set(self.installed)

    def missing(self, names: Iterable[str]) -> list[Package]:
        """What installing packages brings, themselves included: what each needs comes before it."""
        found: dict[str, Package] = {}
        for name in names:
            for package in self._closure(name, set()):
                if package.name not in self.installed:
                    found.setdefault(package.name, package)
        return list(found.values())

    def _closure(self, name: str, seen: set[str]) -> Iterator[Package]:
        if name in seen:
            return
        seen.add(name)
        for other in self.offered[name].needs:
            yield from self._closure(other, seen)
        yield self.offered[name]
