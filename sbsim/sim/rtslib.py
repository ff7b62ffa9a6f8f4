"""rtslib, unmodified, bound to one simulated machine.

rtslib asks the operating system through what it imports (`pathlib`, `os`, …) and keeps things in
variables of its modules. So every machine gets copies of those modules, whose imports lead to that
machine: any number of them live in one process, and none knows of another.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
import itertools
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

from sbsim.sim.files import FileSystem
from sbsim.sim.virtual_os import Commands, NoLocks, SimulatedOs, SimulatedUdev, path_class

_numbers = itertools.count(1)


def bind(files: FileSystem) -> ModuleType:
    """Rtslib on a machine with these files; use it as the module `rtslib_fb`."""
    return _Copy(files).module("")


class _Copy:
    """Copies of rtslib's modules, made when they are first imported."""

    def __init__(self, files: FileSystem) -> None:
        self._package = f"rtslib_on_{next(_numbers)}"
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}
        self._instead: dict[str, Any] = {
            "pathlib": SimpleNamespace(Path=path_class(files)),
            "os": SimulatedOs(files),
            "pyudev": SimulatedUdev(files),
            "fcntl": NoLocks(),
            "subprocess": Commands(),
        }

    def module(self, name: str) -> ModuleType:
        """One of its modules, by its name in the package; "" is the package itself."""
        found = self._modules.get(name)
        if found is None:
            found = ModuleType(f"{self._package}.{name}".rstrip("."))
            found.__package__ = self._package
            found.__dict__["__builtins__"] = self._builtins
            self._modules[name] = found
            exec(_code(name or "__init__"), found.__dict__)
            if name:  # as Python's own import does
                setattr(self.module(""), name, found)
        return found

    def _import(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        if level:
            if name:
                return self.module(name)
            return SimpleNamespace(**{one: self.module(one) for one in fromlist})
        if name == "kmod":  # modules are always there: rtslib goes on with a command
            raise ImportError(name)
        return self._instead.get(name) or __import__(name, globals, locals, fromlist, level)


@functools.cache
def _code(name: str) -> CodeType:
    spec = importlib.util.find_spec("rtslib_fb")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).with_name(f"{name}.py")
    return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
