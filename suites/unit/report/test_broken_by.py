"""The catalogue, the breaks and their actions name one another, and nothing else."""

from __future__ import annotations

import tomllib

import pytest

from sbsim.bundle import bundle_folder
from sbsim.faults import breaks
from sbsim.faults.wrong import wrongs
from sbsim.report.requirements import load

FIXTURES = bundle_folder() / "fixtures"
CATALOGUE = load(FIXTURES / "requirements.toml")
ROWS = {row["name"]: row for row in tomllib.loads((FIXTURES / "breaks.toml").read_text())["breaks"]}
# What the lab can do; an id whose needs it meets is proven, and so must have a break.
PROVEN = CATALOGUE.in_scope(
    {
        "machines",
        "array_control",
        "paths",
        "link_faults",
        "disposable",
        "pool",
        "apply",
        "iscsi",
        "fc",
    }
)


@pytest.mark.parametrize("id", [one.id for one in PROVEN])
def test_proven_requirement_has_a_break_that_turns_it_red(id: str) -> None:
    named = CATALOGUE.requirement(id).broken_by
    assert named, f"{id} is proven and nothing is known that would turn it red"
    assert [name for name in named if id not in ROWS[name]["red"]] == []


def test_every_break_has_an_action_and_every_action_a_row() -> None:
    assert set(ROWS) | {one.name for one in wrongs()} == breaks.names()


@pytest.mark.parametrize("name", sorted(ROWS))
def test_what_a_break_turns_red_names_it_back(name: str) -> None:
    for id in ROWS[name]["red"]:
        assert name in CATALOGUE.requirement(id).broken_by, id


@pytest.mark.parametrize("name", sorted(ROWS))
def test_break_tells_in_words_what_it_does(name: str) -> None:
    assert breaks.find(name).__doc__
    assert not set(ROWS[name]["red"]) & set(ROWS[name].get("blocked", ()))
