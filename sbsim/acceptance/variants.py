"""Variants of a deployment: what it lacks itself (a second path, Fibre Channel) is judged there."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from sbsim.acceptance.run import Run
from sbsim.backends.backend import described
from sbsim.errors import UsageError
from sbsim.report import folder as out


@dataclass(frozen=True)
class Variant:
    """A run on another description, and the requirements that it judges."""

    run: Run
    ids: tuple[str, ...]


def variants_of(main: Run) -> dict[str, Variant]:
    """The runs that judge what `main` was asked for and its description lacks, by name; an id once.

    Raises UsageError, with nothing changed, where one of them could not run.
    """
    options = main.options
    if options.also and (options.lab or not options.apply):
        raise UsageError("--also brings machines of its own up: not with --lab or --no-apply")
    whatever_described = main.capabilities - described(main.deployment)
    left = [one for one in main.catalogue.asked(options.only) if not main.in_scope(one.id)]
    found: dict[str, Variant] = {}
    for path in options.also:
        deployment = dataclasses.replace(options, deployment=path).load()
        if deployment.name in found:
            raise UsageError(f"{path}: another --also is named {deployment.name!r} too; rename one")
        able = whatever_described | described(deployment)
        ids = tuple(one.id for one in left if able.issuperset(one.needs))
        if ids:
            found[deployment.name] = Variant(_run(main, path, deployment.name, ids), ids)
            left = [one for one in left if one.id not in ids]
    return found


def _run(main: Run, path: Path, name: str, ids: tuple[str, ...]) -> Run:
    place = main.options.out / out.VARIANTS / name
    return Run(dataclasses.replace(main.options, deployment=path, out=place, only=ids, also=()))
