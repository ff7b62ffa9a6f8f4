"""The raw operations that are played on LIO's configfs: every kind of object, right and wrong.

Each part is a list of operations in the order in which they are played, upon what the parts before
it have left. The names of attributes are not written here: they come from the tree of the kernel
that is recorded, so that another kernel's are all played too.
"""

from __future__ import annotations

from sbsim.contract.configfs_scenario import core, fc, iscsi, loopback
from sbsim.contract.configfs_scenario.names import FILE_A, FILE_B, FILE_BYTES, Names
from sbsim.contract.configfs_scenario.objects import made, objects, objects_gone
from sbsim.contract.player import Operation

__all__ = ["FILE_A", "FILE_B", "FILE_BYTES", "made", "objects", "objects_gone", "operations"]


def operations(names: Names, disk: str, disk_2: str) -> list[Operation]:
    """All of them. `names`: by folder of the objects' tree its attributes; `disk`s are whole."""
    return [
        *core.operations(names, disk, disk_2),
        *iscsi.operations(names),
        *loopback.operations(names),
        *fc.operations(names),
        *iscsi.gone(),
    ]
