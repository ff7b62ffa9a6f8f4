"""A plan leads from any state to any other, and touches only what differs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sbsim.target.model import Array, Chap, Initiator
from sbsim.target.plan import plan
from sbsim.target.state import (
    Access,
    GroupAccess,
    Key,
    Mapped,
    Shown,
    State,
    Value,
    expand,
    needs,
)
from suites.unit.target.arrays import HOST, IQN, array, arrays, few, lun
from suites.unit.target.kernel import Kernel

STATES = arrays().map(expand)


@st.composite
def broken(draw: st.DrawFn) -> dict[Key, Value]:
    """A state as somebody may leave it: objects missing, turned off, without links."""
    state: dict[Key, Value] = {}
    whole = expand(draw(arrays()))
    # A few places, not a choice for each object: most of an array stays as it was made.
    places = draw(st.dictionaries(st.integers(0, 40), st.sampled_from(["lose", "spoil"])))
    for place, (key, value) in enumerate(whole.items()):
        fate = places.get(place, "keep")
        if fate == "lose" or any(need not in state for need in needs(key, value)):
            continue
        state[key] = _spoilt(value) if fate == "spoil" else value
    return state


def _spoilt(value: Value) -> Value:
    # An FC port's group has nothing that could be turned off.
    if isinstance(value, GroupAccess) and value.enabled is not None:
        return replace(value, enabled=False, attributes=(("authentication", "0"),))
    if isinstance(value, Shown):
        return Shown(None)
    if isinstance(value, Mapped):
        return Mapped(None, True)
    if isinstance(value, Access):
        return Access(Chap("other"), False)
    return value


@few
@given(broken(), STATES)
def test_steps_lead_from_any_state_to_the_wanted_one(seen: State, wanted: State) -> None:
    assert Kernel(dict(seen)).run(plan(seen, wanted)) == wanted


def _reversed(state: State) -> State:
    return dict(reversed(list(state.items())))


@few
@given(STATES)
def test_no_steps_where_all_is_as_wanted(state: State) -> None:
    assert plan(state, _reversed(state)) == ()


@few
@given(broken(), STATES)
def test_plan_is_the_same_whatever_the_order_of_reading(seen: State, wanted: State) -> None:
    assert plan(seen, wanted) == plan(_reversed(seen), _reversed(wanted))


@few
@given(broken(), STATES)
def test_objects_that_stay_the_same_are_not_touched(seen: State, wanted: State) -> None:
    """The session of an initiator is its group and ACL: where both stay, no step names them."""
    touched = {step.key for step in plan(seen, wanted)}
    for key in seen:
        if seen[key] == wanted.get(key) and _same_below(key, seen, wanted):
            assert key not in touched


def _same_below(key: Key, seen: State, wanted: State) -> bool:
    """Whether all that the object stands on stays the same (or is changed in its place)."""
    return all(
        need in wanted
        and (need.kind in ("group", "acl", "target") or seen[need] == wanted[need])
        and _same_below(need, seen, wanted)
        for need in needs(key, seen[key])
    )


@few
@given(broken(), STATES)
def test_groups_that_stay_enabled_are_never_disabled(seen: State, wanted: State) -> None:
    """Turning a group off would end every session that it has."""
    for step in plan(seen, wanted):
        if step.action == "disable":
            assert step.key not in wanted


@few
@given(broken())
def test_everything_is_removed_in_an_order_the_kernel_takes(seen: State) -> None:
    assert Kernel(dict(seen)).run(plan(seen, {})) == {}


def _names(before: Array, after: Array) -> list[str]:
    return [str(step) for step in plan(expand(before), expand(after))]


def test_a_new_lun_touches_nothing_that_is_there() -> None:
    steps = plan(expand(array(lun(0))), expand(array(lun(0), lun(1))))
    assert {step.action for step in steps} == {"create"}
    assert [step.key.kind for step in steps] == ["backstore", "lun", "mapping", "mapping"]


def test_a_new_initiator_touches_nothing_that_is_there() -> None:
    assert _names(array(lun(0), hosts=1), array(lun(0), hosts=2)) == [
        f"create initiator {HOST}2 in portal group 1 of {IQN}",
        f"create LUN 0 for initiator {HOST}2 in portal group 1 of {IQN}",
    ]


def test_a_changed_password_is_one_change_of_one_acl() -> None:
    before = array(lun(0))
    first, second = before.targets[0].initiators
    changed = Initiator(first.name, replace(first.chap, password="other"))
    after = Array((replace(before.targets[0], initiators=(changed, second)),))
    assert _names(before, after) == [f"change initiator {HOST}1 in portal group 1 of {IQN}"]


def test_a_changed_serial_takes_the_lun_out_and_puts_it_back() -> None:
    before, after = array(lun(0), lun(1)), array(lun(0), lun(1, serial="fade"))
    steps = plan(expand(before), expand(after))
    assert [(step.action, step.key.kind) for step in steps] == [
        ("remove", "mapping"),
        ("remove", "mapping"),
        ("remove", "lun"),
        ("remove", "backstore"),
        ("create", "backstore"),
        ("create", "lun"),
        ("create", "mapping"),
        ("create", "mapping"),
    ]
    assert not any("lun-0" in str(step) or "LUN 0" in str(step) for step in steps)


def test_a_mapping_to_another_lun_is_made_anew() -> None:
    wanted = expand(array(lun(0), lun(1), hosts=1))
    (key,) = [key for key in wanted if key.kind == "mapping" and key.path[-1] == 1]
    for wrong in (Mapped(0), Mapped(None)):
        steps = plan({**wanted, key: wrong}, wanted)
        assert [(step.action, step.key) for step in steps] == [("remove", key), ("create", key)]


def test_write_protection_is_changed_in_its_place() -> None:
    wanted = expand(array(lun(0), hosts=1))
    (key,) = [key for key in wanted if key.kind == "mapping"]
    (step,) = plan({**wanted, key: Mapped(0, True)}, wanted)
    assert (step.action, step.value) == ("change", Mapped(0))


def test_a_portal_moves_from_one_group_to_another_without_standing_in_both() -> None:
    before = array(tags=2)
    one, two = before.targets[0].groups
    moved = (replace(one, portals=()), replace(two, portals=(*two.portals, *one.portals)))
    after = Array((replace(before.targets[0], groups=moved),))
    assert _names(before, after) == [
        f"remove portal 192.0.2.1:3260 in portal group 1 of {IQN}",
        f"create portal 192.0.2.1:3260 in portal group 2 of {IQN}",
    ]


def test_a_new_group_serves_only_when_all_is_in_it() -> None:
    steps = plan({}, expand(array(lun(0))))
    assert [step.action for step in steps].index("enable") == len(steps) - 1


def test_a_group_that_goes_stops_serving_first() -> None:
    steps = plan(expand(array(lun(0))), {})
    assert [step.action for step in steps].index("disable") == 0


def test_a_step_never_shows_its_secret() -> None:
    assert not any("canary" in f"{step} {step!r}" for step in plan({}, expand(array(lun(0)))))
