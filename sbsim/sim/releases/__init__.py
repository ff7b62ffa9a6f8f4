"""What a freshly installed machine of an operating system's release has: files, as data."""

from __future__ import annotations

from pathlib import Path

from sbsim.sim.errors import UnknownRelease

FOLDER = Path(__file__).parent
# The description's word for a release, and the folder with what it brings.
RELEASES = {"debian-12": "debian12"}


def text(release: str, name: str) -> str:
    """A file of a release. Raises UnknownRelease."""
    folder = RELEASES.get(release)
    if folder is None:
        raise UnknownRelease(release, sorted(RELEASES))
    return (FOLDER / folder / name).read_text()
