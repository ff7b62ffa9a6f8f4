"""Real output of fio."""

from __future__ import annotations

from sbsim.bundle import bundle_folder

FOLDER = bundle_folder() / "fixtures" / "captured" / "debian12" / "fio"


def captured(name: str) -> str:
    return (FOLDER / name).read_text()
