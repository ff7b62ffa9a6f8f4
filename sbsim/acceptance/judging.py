"""What has been judged so far in a run, and what can therefore not be judged any more."""

from __future__ import annotations

from collections.abc import Iterable

from sbsim.report.requirements import Catalogue

EVERYWHERE = None


class Judging:
    """Remembers which ids failed or were blocked, and on which machine (None: on none alone)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._bad: dict[str, dict[str | None, str]] = {}

    def record(self, ids: Iterable[str], machine: str | None, outcome: str) -> None:
        """Take note of a test's outcome for the ids it checks."""
        if outcome in ("failed", "error", "blocked"):
            word = "is blocked" if outcome == "blocked" else "failed"
            for id in ids:
                self._bad.setdefault(id, {}).setdefault(machine, word)

    def blocker(self, ids: Iterable[str], machine: str | None) -> str | None:
        """Why these ids cannot be judged on `machine`, or None if they can.

        An id that comes `after` one that is bad on this machine, or bad as a whole, is blocked; a
        check of all machines together is blocked by one that is bad on any.
        """
        for id in ids:
            for earlier in self._catalogue.requirement(id).after:
                reason = self._reason(earlier, machine)
                if reason:
                    return reason
        return None

    def _reason(self, id: str, machine: str | None) -> str | None:
        places = self._bad.get(id, {})
        if machine in places or None in places:
            place = machine if machine in places else None
            return f"{id} {places[place]}{f' on {place}' if place else ''}"
        if machine is None and places:
            place, word = next(iter(places.items()))
            return f"{id} {word} on {place}"
        return None
