"""What an operating system's release has, as data.

Of a release's folder, `machine` holds the files of a freshly installed machine, at their paths, and
`packages/NAME` what a package brings.
"""

from __future__ import annotations

from pathlib import Path

from sbsim.sim.errors import UnknownRelease

FOLDER = Path(__file__).parent
# The description's word for a release, and the folder with what it brings.
RELEASES = {"debian-12": "debian12"}


def text(release: str, name: str) -> str:
    """A file of a release. Raises UnknownRelease."""
    return (FOLDER / _folder(release) / name).read_text()


def files(release: str, of: str) -> dict[str, bytes]:
    """The files of a release's ``machine`` or ``packages/NAME``, by path; none of that name: {}."""
    top = FOLDER / _folder(release) / of
    found = (path for path in sorted(top.rglob("*")) if path.is_file())
    return {f"/{path.relative_to(top)}": path.read_bytes() for path in found}


def _folder(release: str) -> str:
    folder = RELEASES.get(release)
    if folder is None:
        raise UnknownRelease(release, sorted(RELEASES))
    return folder
