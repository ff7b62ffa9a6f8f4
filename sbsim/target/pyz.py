"""The target program as one zip: it needs nothing on the storage server but Python.

Inside are the modules of `sbsim.target` that run there, rtslib-fb and pyudev, each as source and
compiled for this Python. Python takes the compiled form if it is of the same version, and the
source else: on an emulated machine that is 0.4 s against 6 s.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import io
import marshal
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sbsim.errors import SbsimError

# The half of this package that runs on the storage server.
SHIPPED = (
    "devices",
    "differences",
    "failure",
    "fields",
    "ledger",
    "lio",
    "lio_acts",
    "lio_reading",
    "model",
    "plan",
    "program",
    "results",
    "rules",
    "server",
    "state",
    "system",
    "unit",
)
LIBRARIES = ("rtslib_fb", "pyudev")
_MAIN = b"""import sys

if sys.version_info < (3, 9):
    text = "expected Python 3.9 or newer as python3, found %d.%d" % sys.version_info[:2]
    print('{"error": "%s"}' % text)
    sys.exit(1)

from sbsim.target.program import main

sys.exit(main())
"""
# pyudev's bindings to windowing systems, which a storage server has not.
_LEFT_OUT = ("_qt_base", "glib", "pyqt5", "pyside", "pyside6", "wx")
# Later forms of marshal note which objects the process has elsewhere: other bytes at other times.
_NO_REFERENCES = 2
# The earliest that a zip can hold: the same content gives the same bytes at any time.
_DATE = (1980, 1, 1, 0, 0, 0)


@functools.cache
def program() -> bytes:
    """Return the zip; the same content always gives the same bytes."""
    return packed(_modules())


def packed(modules: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip of modules by their names in it, each as source and compiled."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in sorted(modules):
            _add(archive, name, source)
            _add(archive, f"{name}c", _compiled(name, source))
    return data.getvalue()


@functools.cache
def digest() -> str:
    """Return the SHA-256 of the zip, as `sha256sum` prints it."""
    return hashlib.sha256(program()).hexdigest()


def _modules() -> Iterator[tuple[str, bytes]]:
    here = Path(__file__).parent
    yield "__main__.py", _MAIN
    yield "sbsim/__init__.py", b""
    yield "sbsim/target/__init__.py", b""
    for name in SHIPPED:
        yield f"sbsim/target/{name}.py", (here / f"{name}.py").read_bytes()
    yield from libraries()


def libraries() -> Iterator[tuple[str, bytes]]:
    """The modules of rtslib-fb and of what it needs."""
    for library in LIBRARIES:
        folder = _folder(library)
        for path in folder.rglob("*.py"):
            if path.stem not in _LEFT_OUT:
                name = path.relative_to(folder.parent).as_posix()
                yield name, path.read_bytes()


def _folder(library: str) -> Path:
    spec = importlib.util.find_spec(library)
    if spec is None or spec.origin is None:
        raise SbsimError(f"the Python package {library} is missing; install sbsim's dependencies")
    return Path(spec.origin).parent


def _compiled(name: str, source: bytes) -> bytes:
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    # PEP 552: flags 1 say that the hash of the source stands here and need not be checked, since
    # both forms are in one file that is replaced as a whole.
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    return head + importlib.util.source_hash(source) + marshal.dumps(code, _NO_REFERENCES)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
