"""What can go wrong with VM instances on one host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from sbsim.errors import MachineError


class InstanceFailed(MachineError):
    """libvirt refused, or an instance did not do what it was asked for; libvirt's words."""

    def __init__(self, machine: str, text: str) -> None:
        self.machine = machine
        super().__init__(f"{machine}: {text}")


class InstanceNotThere(InstanceFailed):
    """The host runs no instance of that uuid."""


def failed(host: str, error: libvirt.libvirtError) -> InstanceFailed:
    """Libvirt's error as ours."""
    gone = error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN
    return (InstanceNotThere if gone else InstanceFailed)(host, f"libvirt: {error}")


@contextmanager
def in_words(host: str) -> Iterator[None]:
    """Turn what libvirt raises inside into InstanceFailed."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise failed(host, error) from error
