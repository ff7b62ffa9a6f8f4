"""What sbsim made on this storage server: /var/lib/sbsim/target.json, mode 0600.

It is written before anything is made, so that what a killed program leaves is known as ours. It
also holds the array that the next boot restores, passwords included.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sbsim.target.failure import TargetFailure
from sbsim.target.fields import Fields, flag, many, text
from sbsim.target.model import Array
from sbsim.target.state import Key, root

if TYPE_CHECKING:
    from sbsim.target.state import State, Value
    from sbsim.target.system import System

FOLDER = "/var/lib/sbsim"
PATH = f"{FOLDER}/target.json"


@dataclass(frozen=True)
class Ledger:
    """Whose array this is, and what belongs to it.

    `claims` are the backstores and targets made since the boot `boot_id`: configfs is empty after
    a boot, so what is found then under the same names was made by somebody else. `files` are
    backing files, `folder_made` says that /etc/target is ours too.
    """

    owner: str = ""
    boot_id: str = ""
    claims: frozenset[Key] = frozenset()
    files: frozenset[str] = frozenset()
    folder_made: bool = False
    array: Array = field(default=Array(), repr=False)

    @property
    def holds_anything(self) -> bool:
        """Whether an apply of its owner got as far as making something."""
        return bool(self.claims or self.files or self.array.targets)

    def of_boot(self, boot_id: str) -> Ledger:
        """Return it as it counts in this boot."""
        if boot_id == self.boot_id:
            return self
        return replace(self, boot_id=boot_id, claims=frozenset())

    def ours(self, state: State) -> dict[Key, Value]:
        """Return the part of a state that sbsim made."""
        return {key: value for key, value in state.items() if root(key) in self.claims}

    def others(self, state: State) -> tuple[str, ...]:
        """Return the names of the backstores and targets that sbsim did not make."""
        return tuple(str(key) for key in sorted(state) if root(key) == key not in self.claims)

    def to_text(self) -> str:
        """Return the file's text; it holds secrets."""
        plain: dict[str, Any] = {
            "owner": self.owner,
            "boot_id": self.boot_id,
            "claims": [asdict(key) for key in sorted(self.claims)],
            "files": sorted(self.files),
            "folder_made": self.folder_made,
            "array": self.array.to_json(),
        }
        return json.dumps(plain, indent=1) + "\n"


def load(system: System) -> Ledger | None:
    """Return what is noted; None if nothing is. Raises TargetFailure for a damaged file."""
    found = system.read(PATH)
    if found is None:
        return None
    try:
        fields = Fields(json.loads(found), PATH)
        ledger = Ledger(
            owner=fields.take("owner", text),
            boot_id=fields.take("boot_id", text),
            claims=frozenset(fields.take("claims", many(_key))),
            files=frozenset(fields.take("files", many(text))),
            folder_made=fields.take("folder_made", flag),
            array=fields.take("array", Array.from_json),
        )
        fields.end()
    except ValueError:
        raise TargetFailure(
            f"{PATH}: is no JSON; restore it, or remove the array by hand"
        ) from None
    return ledger


def save(system: System, ledger: Ledger) -> bool:
    """Write it if it differs from what is there; return whether it did."""
    new = ledger.to_text()
    if system.read(PATH) == new:
        return False
    system.write(PATH, new, 0o600)
    return True


def _key(value: object, where: str) -> Key:
    fields = Fields(value, where)
    key = Key(fields.take("kind", text), fields.take("path", many(text)))
    fields.end()
    return key
