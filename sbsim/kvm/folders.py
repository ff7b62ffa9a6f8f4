"""Folders of one host that instances' volumes could lie in: a local storage's."""

from __future__ import annotations

from sbsim.errors import CommandFailed
from sbsim.kvm.errors import InstanceFailed
from sbsim.machines import Machine


class Folders:
    """A host's folders. Raises InstanceFailed in the host's words."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def name(self) -> str:
        """The host's name."""
        return self._machine.name

    def make(self, path: str) -> tuple[int, int]:
        """Make a folder, if it is not there; its file system's size and what is free, in bytes."""
        try:
            self._machine.run("mkdir", "--parents", "--mode=0750", "--", path)
            told = self._machine.run("stat", "--file-system", "--format=%S %b %a", "--", path)
        except CommandFailed as error:
            raise InstanceFailed(self.name, error.stderr.strip()) from error
        unit, blocks, free = map(int, told.stdout.split())
        return unit * blocks, unit * free
