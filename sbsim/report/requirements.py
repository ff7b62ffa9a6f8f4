"""The catalogue of requirements: fixtures/requirements.toml, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sbsim.errors import UsageError

Scope = Literal["hosts", "storage", "management", "machines", "deployment"]

ID_PATTERN = r"^R[1-9][0-9]*\.[1-9][0-9]*$"


class Frozen(BaseModel):
    """What the catalogue is made of: immutable, and no key that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wording(Frozen):
    """One text in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Probe(Frozen):
    """A fact that must be observed on every machine of a kind before an id can pass."""

    fact: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    on: Scope


class Chapter(Frozen):
    """A chapter of the guide."""

    id: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)

    @property
    def title(self) -> Wording:
        """The title in both languages."""
        return Wording(en=self.title_en, zh=self.title_zh)


class Requirement(Frozen):
    """One requirement: its wording, what proves it and what breaks it.

    `guide`, `product` and `checked` are given where the guide and the product disagree.
    """

    id: str = Field(pattern=ID_PATTERN)
    chapter: str
    text_en: str = Field(min_length=1)
    text_zh: str = Field(min_length=1)
    needs: tuple[str, ...] = Field(min_length=1)
    probes: tuple[Probe, ...] = ()
    broken_by: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    guide: Wording | None = None
    product: Wording | None = None
    checked: Wording | None = None

    @property
    def text(self) -> Wording:
        """The requirement in both languages."""
        return Wording(en=self.text_en, zh=self.text_zh)

    @model_validator(mode="after")
    def _no_twins(self) -> Requirement:
        facts = [probe.fact for probe in self.probes]
        if len(set(facts)) != len(facts):
            raise ValueError("a fact is named twice in probes")
        return self


class Catalogue(Frozen):
    """All chapters and requirements, in the guide's order."""

    chapters: tuple[Chapter, ...]
    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> Catalogue:
        ids = [requirement.id for requirement in self.requirements]
        if twins := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"given twice: {', '.join(twins)}")
        chapters = {chapter.id for chapter in self.chapters}
        for requirement in self.requirements:
            if requirement.chapter not in chapters:
                raise ValueError(f"{requirement.id}: no chapter {requirement.chapter!r} is given")
            if unknown := [one for one in requirement.after if one not in ids]:
                raise ValueError(f"{requirement.id}: after names the unknown id {unknown[0]}")
        self.in_order()
        return self

    def __contains__(self, id: object) -> bool:
        return any(requirement.id == id for requirement in self.requirements)

    def requirement(self, id: str) -> Requirement:
        """The requirement of that id; UsageError when there is none."""
        for requirement in self.requirements:
            if requirement.id == id:
                return requirement
        raise UsageError(
            f"requirement {id} is not in the catalogue: expected an id of requirements.toml, "
            f"{self.requirements[0].id} to {self.requirements[-1].id}"
        )

    def in_scope(
        self, capabilities: Collection[str], only: Collection[str] = ()
    ) -> tuple[Requirement, ...]:
        """The requirements whose needs a backend with these capabilities meets, of those asked."""
        have = set(capabilities)
        return tuple(one for one in self.asked(only) if have.issuperset(one.needs))

    def asked(self, only: Collection[str]) -> tuple[Requirement, ...]:
        """The requirements that `only` names, by chapter or id; all of them if it names none."""
        return tuple(
            one for one in self.requirements if not only or one.chapter in only or one.id in only
        )

    def in_order(self) -> tuple[Requirement, ...]:
        """Every requirement behind all that its `after` names; ValueError on a circle."""
        placed: dict[str, Requirement] = {}
        waiting = list(self.requirements)
        while waiting:
            ready = [one for one in waiting if all(id in placed for id in one.after)]
            if not ready:
                raise ValueError(f"after runs in a circle: {', '.join(one.id for one in waiting)}")
            placed.update((one.id, one) for one in ready)
            waiting = [one for one in waiting if one.id not in placed]
        return tuple(placed.values())


def load(path: Path) -> Catalogue:
    """Read a catalogue from a TOML file; UsageError names every fault and where it stands."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: expected UTF-8, found other bytes: {error.reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: expected TOML: {error}") from None
    try:
        return Catalogue.model_validate(raw)
    except ValidationError as error:
        faults = [f"  {_place(raw, fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise UsageError("\n".join([f"{path}: not a catalogue", *faults])) from None


def _place(raw: dict[str, object], location: tuple[int | str, ...]) -> str:
    """Where a fault stands, by the requirement's own id where it has one: `R3.9.probes.0.on`."""
    if not location:
        return "the whole"
    head, *rest = location
    entries = raw.get(str(head))
    if rest and isinstance(rest[0], int) and isinstance(entries, list):
        entry = entries[rest[0]]
        named = entry.get("id") if isinstance(entry, dict) else None
        return ".".join(str(part) for part in (named or f"{head}.{rest[0]}", *rest[1:]))
    return ".".join(str(part) for part in location)
