"""rtslib, unmodified, bound to one simulated machine.

rtslib asks the operating system through names of its modules (`Path`, `os`, …) and keeps things in
variables of its modules. So every machine gets copies of those modules, in which these names lead
to that machine: any number of them live in one process, and none knows of another.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType

from sbsim.sim.files import FileSystem
from sbsim.sim.virtual_os import Commands, NoLocks, SimulatedOs, SimulatedUdev, path_class

# In an order in which each finds those it imports.
MODULES = ("utils", "node", "alua", "tcm", "target", "fabric", "root")
_numbers = itertools.count(1)


def bind(files: FileSystem) -> ModuleType:
    """Rtslib on a machine with these files; use it as the module `rtslib_fb`."""
    package = f"rtslib_on_{next(_numbers)}"
    names = {
        "Path": path_class(files),
        "os": SimulatedOs(files),
        "pyudev": SimulatedUdev(files),
        "fcntl": NoLocks(),
        "subprocess": Commands(),
    }
    with _importable() as modules:
        top = ModuleType(package)
        top.__path__ = []
        modules[package] = top
        for name in MODULES:
            module = ModuleType(f"{package}.{name}")
            module.__package__ = package
            modules[module.__name__] = module
            setattr(top, name, module)
            exec(_code(name), module.__dict__)
            # What it has imported at its top is replaced; what it asks for later is ours.
            module.__dict__.update(
                {key: value for key, value in names.items() if key in vars(module)}
            )
        top.__package__ = package
        exec(_code("__init__"), top.__dict__)
    return top


@contextmanager
def _importable() -> Iterator[dict[str, ModuleType]]:
    """Inside, modules that are put here can be imported from each other."""
    before = set(sys.modules)
    try:
        yield sys.modules
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("rtslib_on_"):
                del sys.modules[name]


@functools.cache
def _code(name: str) -> CodeType:
    spec = importlib.util.find_spec("rtslib_fb")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).with_name(f"{name}.py")
    return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
