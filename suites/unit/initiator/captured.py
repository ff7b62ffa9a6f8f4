"""Where real output lies."""

from __future__ import annotations

import tomllib
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "fixtures" / "captured"


def captured(path: str) -> str:
    """A captured file, by its path below fixtures/captured."""
    return (FOLDER / path).read_text()


def entries(system: str) -> list[dict[str, str]]:
    """The index of one system's files."""
    text = (FOLDER / system / "index.toml").read_text()
    found: list[dict[str, str]] = tomllib.loads(text)["captured"]
    return found
