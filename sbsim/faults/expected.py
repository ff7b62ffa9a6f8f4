"""What each break must turn red, as breaks.toml lists it, and which can be made together."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from sbsim.bundle import bundle_folder


@dataclass(frozen=True)
class Expected:
    """A break's row in breaks.toml."""

    name: str
    red: tuple[str, ...]
    blocked: tuple[str, ...]
    needs: frozenset[str]
    on: str
    applied: tuple[str, ...]


def expected() -> list[Expected]:
    """Every row of breaks.toml, in its order."""
    text = (bundle_folder() / "fixtures" / "breaks.toml").read_text()
    return [
        Expected(
            one["name"],
            tuple(one["red"]),
            tuple(one.get("blocked", ())),
            _needs(one.get("needs", ())),
            one.get("on", "provisioned"),
            tuple(one.get("applied", ())),
        )
        for one in tomllib.loads(text)["breaks"]
    ]


def _needs(listed: Iterable[str]) -> frozenset[str]:
    """What a row needs: what it does not list stands in breaks.toml's head, the transport."""
    needs = frozenset(listed)
    return needs if "fc" in needs else needs | {"iscsi"}


def enough(rows: Iterable[Expected]) -> set[str]:
    """Names of breaks that together turn every id red that can be judged without a change."""
    left = {one for one in rows if not one.applied}
    red: set[str] = set()
    chosen: set[str] = set()
    while left:
        best = max(left, key=lambda one: (len(set(one.red) - red), one.name))
        if not set(best.red) - red:
            break
        red |= set(best.red)
        chosen.add(best.name)
        left.remove(best)
    return chosen


def together(rows: Iterable[Expected]) -> list[Expected]:
    """Breaks that can be made at once, as one row each; a red id tells which one it was."""
    groups: list[Expected] = []
    for row in sorted(rows, key=lambda one: one.name):
        for place, group in enumerate(groups):
            if _apart(row, group):
                groups[place] = Expected(
                    f"{group.name}+{row.name}",
                    group.red + row.red,
                    tuple(dict.fromkeys(group.blocked + row.blocked)),
                    group.needs,
                    group.on,
                    (),
                )
                break
        else:
            groups.append(row)
    return groups


def _apart(one: Expected, other: Expected) -> bool:
    touched = {*one.red, *one.blocked} & {*other.red} or {*other.red, *other.blocked} & {*one.red}
    return not touched and (one.on, one.needs) == (other.on, other.needs)
