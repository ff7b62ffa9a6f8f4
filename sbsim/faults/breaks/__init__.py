"""Breaks: ways in which a deployment is wrong, each made in one step.

A break is named in fixtures/breaks.toml, with the requirements that it must turn red. It is made
on a sound deployment and never mended: the kept state is restored.
"""

from sbsim.faults.breaks import (  # noqa: F401
    array,
    contents,
    fc,
    initiators,
    instances,
    multipath,
    pool,
    servers,
)
from sbsim.faults.breaks.registry import find, names

__all__ = ["find", "names"]
