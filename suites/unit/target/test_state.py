"""An array becomes LIO's objects, and objects become an array again."""

from __future__ import annotations

from hypothesis import given

from sbsim.target.model import Array
from sbsim.target.state import Key, Shown, collapse, expand, needs, root
from suites.unit.target.arrays import HOST, IQN, array, arrays, few, lun


@few
@given(arrays())
def test_objects_of_an_array_give_the_array_again(wanted: Array) -> None:
    assert collapse(expand(wanted)) == wanted


@few
@given(arrays())
def test_nothing_stands_on_what_is_not_there(wanted: Array) -> None:
    state = expand(wanted)
    assert all(need in state for key, value in state.items() for need in needs(key, value))
    assert all(root(key) in state for key in state)


def test_every_group_shows_every_lun_to_every_initiator() -> None:
    state = expand(array(lun(0), lun(5), hosts=2, tags=2))
    mappings = {key.path for key in state if key.kind == "mapping"}
    assert mappings == {
        (IQN, tag, f"{HOST}{host}", number)
        for tag in (1, 2)
        for host in (1, 2)
        for number in (0, 5)
    }


def test_what_one_group_lacks_is_still_in_the_array() -> None:
    state = expand(array(lun(0), lun(1), tags=2))
    for key in [key for key in state if key.path[1:] in ((2, 1), (2, f"{HOST}1", 1))]:
        del state[key]
    seen = collapse(state)
    assert [one.lun for one in seen.targets[0].luns] == [0, 1]
    assert expand(seen) != state


def test_a_lun_without_its_link_is_no_lun() -> None:
    state = expand(array(lun(0)))
    state[Key("lun", (IQN, 1, 0))] = Shown(None)
    assert collapse(state).luns == ()


def test_a_file_becomes_a_fileio_backstore() -> None:
    keys = set(expand(array(lun(0, "file"), lun(1, "block"))))
    assert {key.path for key in keys if key.kind == "backstore"} == {
        ("fileio", "lun-0"),
        ("block", "lun-1"),
    }


def test_only_the_named_initiators_get_in() -> None:
    (access,) = [value for key, value in expand(array()).items() if key.kind == "group"]
    assert dict(access.attributes) == {  # type: ignore[union-attr]
        "authentication": "1",
        "generate_node_acls": "0",
        "cache_dynamic_acls": "0",
        "demo_mode_discovery": "0",
        "demo_mode_write_protect": "1",
        "prod_mode_write_protect": "0",
    }
