"""Differences name each fact once, and never a password."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from sbsim.target.differences import differences
from sbsim.target.model import Array, Chap, Initiator
from sbsim.target.state import State, expand
from suites.unit.target.arrays import CHAP, HOST, IQN, array, arrays, few, lun, target

STATES = arrays().map(expand)


def _texts(seen: Array, wanted: Array) -> list[str]:
    return [str(one) for one in differences(expand(seen), expand(wanted))]


@few
@given(STATES, STATES)
def test_differences_are_none_exactly_where_states_are_equal(seen: State, wanted: State) -> None:
    assert bool(differences(seen, wanted)) == (seen != wanted)


def test_a_missing_target_is_one_difference() -> None:
    assert _texts(Array(), array(hosts=3, tags=2)) == [f"target {IQN} is missing"]


def test_a_lun_too_much_is_named_without_its_mappings() -> None:
    assert _texts(array(lun(0), lun(1)), array(lun(0))) == [
        "backstore block/lun-1 is not described"
    ]


def test_a_wrong_fact_names_both_values() -> None:
    assert _texts(array(lun(0, size=512)), array(lun(0, write_back=True))) == [
        "backstore block/lun-0: size is 512, expected 1073741824",
        "backstore block/lun-0: write_back is no, expected yes",
    ]


def test_a_wrong_password_is_named_and_not_shown() -> None:
    wrong = Chap("other", "canary-wrong")
    seen = Array((target(chap=wrong, hosts=1),))
    found = differences(expand(seen), expand(array(hosts=1)))
    where = f"initiator {HOST}1 in portal group 1 of {IQN}"
    assert [str(one) for one in found] == [
        f"{where}: password differs",
        f"{where}: user is other, expected user",
    ]
    assert "canary" not in f"{found} {[one.to_json() for one in found]}"


def test_a_password_that_is_not_set_differs() -> None:
    seen = Array((target(chap=replace(CHAP, password=None), hosts=1),))
    (found,) = differences(expand(seen), expand(array(hosts=1)))
    assert (found.field, found.seen, found.wanted) == ("password", "absent", "***")


def test_an_initiator_masked_from_one_lun_is_seen() -> None:
    state = expand(array(lun(0), hosts=1))
    wanted = expand(array(lun(0), hosts=1))
    (key,) = [key for key in state if key.kind == "mapping"]
    del state[key]
    assert [str(one) for one in differences(state, wanted)] == [f"{key} is missing"]


def test_initiators_differ_by_name() -> None:
    seen = Array((replace(target(hosts=0), initiators=(Initiator(f"{HOST}x", CHAP),)),))
    assert _texts(seen, array(hosts=1)) == [
        f"initiator {HOST}1 in portal group 1 of {IQN} is missing",
        f"initiator {HOST}x in portal group 1 of {IQN} is not described",
    ]
