"""JSON is read strictly, and every fault names its field without showing a secret."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given

from sbsim.target.failure import TargetFailure
from sbsim.target.model import Array, Portal
from suites.unit.target.arrays import array, arrays, few, lun

CANARY = "canary-31c8"


def plain() -> dict[str, Any]:
    value = json.loads(json.dumps(array(lun(0), hosts=1).to_json()))
    assert isinstance(value, dict)
    return value


@few
@given(arrays())
def test_json_gives_the_array_again(wanted: Array) -> None:
    assert Array.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted


@few
@given(arrays())
def test_masked_array_is_read_too(wanted: Array) -> None:
    masked = wanted.masked()
    assert Array.from_json(masked.to_json()) == masked
    assert {one.chap.password for target in masked.targets for one in target.initiators} <= {
        None,
        "***",
    }


def test_repr_of_an_array_shows_no_password() -> None:
    assert array().targets[0].initiators[0].chap.password == CANARY
    assert CANARY not in repr(array())


FAULTS = [
    ("targets", None, "targets: expected a list, found NoneType"),
    ("targets.0.iqn", "", "targets[0].iqn: expected a text without blanks, found ''"),
    ("targets.0.iqn", "a b", "targets[0].iqn: expected a text without blanks, found 'a b'"),
    ("targets.0.groups.0.tag", -1, "targets[0].groups[0].tag: expected a whole number from 0"),
    ("targets.0.groups.0.tag", True, "targets[0].groups[0].tag: expected a whole number"),
    ("targets.0.groups.0.portals.0.port", 70000, "portals[0].port: expected a whole number"),
    ("targets.0.groups.0.portals.0.address", "host", "portals[0].address: expected an IPv4"),
    ("targets.0.groups.0.portals.0.address", "[::1]", "portals[0].address: expected an IPv4"),
    ("targets.0.luns.0.size", "1G", "luns[0].size: expected a whole number"),
    ("targets.0.luns.0.size", 1000, "luns[0].size: expected a multiple of 512 bytes, found 1000"),
    ("targets.0.luns.0.name", "a/b", "luns[0].name: expected a name without slashes"),
    ("targets.0.luns.0.name", "..", "luns[0].name: expected a name without slashes"),
    ("targets.0.luns.0.serial", "x" * 254, "luns[0].serial: expected at most 253 bytes"),
    ("targets.0.luns.0.backing", "tape", "luns[0].backing: expected one of block, file"),
    ("targets.0.luns.0.path", "dev/x", "luns[0].path: expected an absolute path"),
    ("targets.0.luns.0.path", "/dev/a,b", "luns[0].path: expected an absolute path"),
    ("targets.0.luns.0.write_back", 1, "luns[0].write_back: expected true or false, found 1"),
    ("targets.0.initiators.0.name", None, "initiators[0].name: expected a text"),
]


@pytest.mark.parametrize(("place", "value", "text"), FAULTS)
def test_wrong_value_is_refused_by_its_field(place: str, value: object, text: str) -> None:
    whole = plain()
    *path, last = place.split(".")
    inner: Any = whole
    for step in path:
        inner = inner[int(step)] if step.isdigit() else inner[step]
    inner[last] = value
    with pytest.raises(TargetFailure) as caught:
        Array.from_json(whole)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "secret", [f"{CANARY}\n", f" {CANARY}", f"NULL{CANARY}", CANARY * 30, [CANARY], {"a": CANARY}]
)
@pytest.mark.parametrize("field", ["password", "mutual_password"])
def test_wrong_secret_is_refused_and_not_shown(field: str, secret: object) -> None:
    whole = plain()
    whole["targets"][0]["initiators"][0][field] = secret
    with pytest.raises(TargetFailure, match=rf"initiators\[0\].{field}: ") as caught:
        Array.from_json(whole)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("place", ["", "targets.0", "targets.0.luns.0", "targets.0.initiators.0"])
def test_unknown_and_missing_fields_are_named(place: str) -> None:
    whole = plain()
    inner: Any = whole
    for step in filter(None, place.split(".")):
        inner = inner[int(step)] if step.isdigit() else inner[step]
    extra = copy.deepcopy(inner)
    inner["surplus"] = 1
    with pytest.raises(TargetFailure, match="surplus: unknown"):
        Array.from_json(whole)
    del inner["surplus"]
    needed = {"": "targets", "targets.0": "iqn", "targets.0.luns.0": "size"}.get(place, "name")
    del inner[needed]
    with pytest.raises(TargetFailure, match=f"{needed}: expected a value, found none"):
        Array.from_json(whole)
    assert needed in extra


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(TargetFailure, match="the input: expected an object"):
        Array.from_json(value)


def test_portals_are_written_as_iscsiadm_writes_them() -> None:
    assert str(Portal("192.0.2.1")) == "192.0.2.1:3260"
    assert str(Portal("2001:db8::1", 3261)) == "[2001:db8::1]:3261"


def test_an_address_is_kept_in_its_short_form() -> None:
    portal = Portal.from_json({"address": "2001:0DB8:0:0::1"})
    assert portal == Portal("2001:db8::1", 3260)
