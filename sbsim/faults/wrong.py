"""Wrong configurations, as wrong.toml lists them, and what each must be told to be."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from sbsim.bundle import bundle_folder


@dataclass(frozen=True)
class Wrong:
    """A row of wrong.toml: a break by its name, and ``NAME @ PLACE`` of every diagnosis.

    `profile` names the version that it is wrong for; None: every one.
    """

    name: str
    told: tuple[str, ...]
    needs: frozenset[str]
    on: str
    quick: bool
    profile: str | None

    def diagnosed(self, group: str) -> set[str]:
        """What it must be told to be, in a deployment whose volume group has that name."""
        return {one.replace("{group}", group) for one in self.told}


def wrongs() -> list[Wrong]:
    """Every row of wrong.toml, in its order."""
    text = (bundle_folder() / "fixtures" / "wrong.toml").read_text()
    return [
        Wrong(
            one["break"],
            tuple(one["diagnosed"]),
            frozenset(one.get("needs", ())),
            one.get("on", "provisioned"),
            one.get("quick", False),
            one.get("profile"),
        )
        for one in tomllib.loads(text)["wrong"]
    ]
