"""Apply, read, remove, restore: what the target program does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sbsim.target import devices, lio_acts, lio_reading, unit
from sbsim.target import ledger as ledgers
from sbsim.target.differences import differences
from sbsim.target.failure import TargetFailure
from sbsim.target.ledger import Ledger
from sbsim.target.lio import DBROOT, Lio
from sbsim.target.model import Array
from sbsim.target.plan import Step, plan
from sbsim.target.results import Change, Changes, Reading
from sbsim.target.rules import check
from sbsim.target.state import Key, collapse, expand, root
from sbsim.target.system import CONFIGFS, System

if TYPE_CHECKING:
    from sbsim.target.state import Value


@dataclass
class Server:
    """The storage server: its LIO and the rest of it."""

    rtslib: Any
    system: System
    _lio: Lio = field(init=False, repr=False)

    def apply(self, owner: str, wanted: Array) -> Changes:
        """Make the array what is wanted, by steps that concern only what differs.

        Raises TargetFailure; what was done until then stays, and the next apply goes on from it.
        """
        check(wanted)
        with self.system.lock():
            return self._apply(owner, wanted, tolerant=False)

    def restore(self) -> Changes:
        """Make the array that the last apply made; LUNs whose disks are missing are left out."""
        with self.system.lock():
            ledger = ledgers.load(self.system)
            if ledger is None:
                return Changes(notes=("nothing to restore",))
            return self._apply(ledger.owner, ledger.array, tolerant=True)

    def read(self, wanted: Array | None = None) -> Reading:
        """Return what is there, and how it differs from what is wanted."""
        with self.system.lock():
            if self.system.exists(f"{CONFIGFS}/target"):
                ledger, seen, others = self._look()
            else:  # LIO is not even loaded, and asking is no reason to load it
                ledger, seen, others = ledgers.load(self.system) or Ledger(), {}, ()
        ours = ledger.ours(seen)
        array = collapse(ours)
        return Reading(
            array.masked(),
            ledger.owner or None,
            ledger.others(seen) + others,
            differences(ours, expand(array)),
            () if wanted is None else differences(ours, expand(wanted)),
        )

    def remove(self, owner: str | None = None) -> Changes:
        """Take away all that sbsim made; with `owner`, only if it is that one's."""
        with self.system.lock():
            if ledgers.load(self.system) is None:
                # Nothing of ours can be here: do not even load LIO.
                return Changes(_unit_changes(unit.remove(self.system), "remove"))
            ledger, seen, others = self._look()
            self._check_owner(ledger, owner)
            steps = plan(ledger.ours(seen), {})
            self._take(steps)
            left = ledger.ours(lio_reading.read(self._lio)[0])
            if left:
                raise TargetFailure("still there after removal: " + ", ".join(map(str, left)))
            return Changes(
                _changes(steps) + self._remove_files(ledger), others=ledger.others(seen) + others
            )

    # --- the parts ----------------------------------------------------------------------------

    def _look(self) -> tuple[Ledger, dict[Key, Value], tuple[str, ...]]:
        ledger = ledgers.load(self.system) or Ledger()
        self._lio = Lio(self.rtslib, self.system)
        self._lio.open()
        seen, others = lio_reading.read(self._lio)
        return ledger.of_boot(self.system.boot_id()), seen, others

    def _apply(self, owner: str, asked: Array, tolerant: bool) -> Changes:
        self._note_folder(owner)
        ledger, seen, others = self._look()
        self._check_owner(ledger, owner)
        self._check_names(asked)
        possible, problems = self._possible(asked, seen, ledger)
        if problems and not tolerant:
            raise TargetFailure("\n".join(problems))
        settled, notes = devices.settled(possible, self.system)
        wanted = expand(settled)
        _check_conflicts(wanted, seen, ledger)

        steps = plan(ledger.ours(seen), wanted)
        roots = frozenset(key for key in wanted if root(key) == key)
        # A LUN that is no longer described leaves its file: only `remove` throws data away.
        files = ledger.files | devices.files_of(asked)
        if steps:
            claimed = replace(ledger, owner=owner, claims=ledger.claims | roots, files=files)
            ledgers.save(self.system, claimed)
            self._take(steps)
            self._compare(claimed, wanted)
        done = replace(ledger, owner=owner, claims=roots, files=files, array=asked)
        ledgers.save(self.system, done)
        changes = _changes(steps) + _unit_changes(unit.install(self.system, asked), "create")
        if problems:
            raise TargetFailure("restored without some LUNs:\n" + "\n".join(problems))
        return Changes(changes, notes, ledger.others(seen) + others)

    def _note_folder(self, owner: str) -> None:
        """Note that the kernel's folder is ours, before opening LIO makes it."""
        if not self.system.exists(DBROOT):
            ledger = ledgers.load(self.system) or Ledger(owner, self.system.boot_id())
            ledgers.save(self.system, replace(ledger, folder_made=True))

    def _check_owner(self, ledger: Ledger, owner: str | None) -> None:
        if owner is not None and ledger.holds_anything and ledger.owner != owner:
            raise TargetFailure(
                f"this storage server carries the array of {ledger.owner!r}, not of {owner!r}; "
                "remove that one first"
            )

    def _check_names(self, wanted: Array) -> None:
        names = [
            (target.fabric, name)
            for target in wanted.targets
            for name in (target.iqn, *(initiator.name for initiator in target.initiators))
        ]
        unfit = self._lio.unfit_names(sorted(set(names)))
        if unfit:
            raise TargetFailure(
                f"rtslib refuses the name {', '.join(unfit)}; expected iqn.yyyy-mm.domain:text in "
                "lower case without underscores, eui. or naa."
            )

    def _possible(
        self, wanted: Array, seen: dict[Key, Value], ledger: Ledger
    ) -> tuple[Array, list[str]]:
        """Return the array without the LUNs that cannot be, and why not."""
        problems = {
            lun.name: reason
            for lun in wanted.luns
            if (reason := devices.problem(lun, seen, ledger, self.system))
        }
        return devices.without(wanted, set(problems)), list(problems.values())

    def _take(self, steps: tuple[Step, ...]) -> None:
        if any(step.action == "create" and step.key.kind == "backstore" for step in steps):
            self._lio.clear_stale_folders()
        for step in steps:
            lio_acts.take(self._lio, step)

    def _compare(self, ledger: Ledger, wanted: dict[Key, Value]) -> None:
        """Read back what was made. Raises TargetFailure, naming what is not as it was set."""
        wrong = differences(ledger.ours(lio_reading.read(self._lio)[0]), wanted)
        if wrong:
            raise TargetFailure("read back from LIO: " + "; ".join(map(str, wrong)))

    def _remove_files(self, ledger: Ledger) -> tuple[Change, ...]:
        changes = tuple(
            Change("remove", "file", path)
            for path in sorted(ledger.files)
            if self.system.remove(path)
        )
        changes += _unit_changes(unit.remove(self.system), "remove")
        self.system.remove(ledgers.PATH)
        if ledger.folder_made:
            for folder in (f"{DBROOT}/pr", DBROOT):
                self.system.remove_folder(folder)
        return changes


def _unit_changes(changed: bool, action: str) -> tuple[Change, ...]:
    return (Change(action, "unit", unit.NAME),) if changed else ()


def _changes(steps: tuple[Step, ...]) -> tuple[Change, ...]:
    return tuple(Change(step.action, step.key.kind, str(step.key)) for step in steps)


def _check_conflicts(wanted: dict[Key, Value], seen: dict[Key, Value], ledger: Ledger) -> None:
    roots = (key for key in sorted(wanted) if root(key) == key)
    foreign = [str(key) for key in roots if key in seen and key not in ledger.claims]
    if foreign:
        raise TargetFailure(
            f"{', '.join(foreign)}: already there, and sbsim did not make it in this boot; "
            "remove it first, or describe another name"
        )
