"""The JSON Schema agrees with what `load` takes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sbsim.deployment import schema

DESCRIPTIONS = Path(__file__).parents[3] / "fixtures" / "deployments"
SCHEMA = schema()


def faults(value: Any, rules: dict[str, Any], place: str = "") -> Iterator[str]:
    """A small validator of the part of JSON Schema that our schema uses."""
    if "$ref" in rules:
        yield from faults(value, SCHEMA["$defs"][rules["$ref"].rpartition("/")[2]], place)
    if "anyOf" in rules and all(list(faults(value, option)) for option in rules["anyOf"]):
        yield f"{place}: no option fits"
    kinds: dict[str, Any] = {
        "string": str, "integer": int, "boolean": bool, "array": list, "object": dict,
    }  # fmt: skip
    kind = rules.get("type")
    if kind is not None and not isinstance(value, kinds[kind]):
        yield f"{place}: no {kind}"
        return
    yield from simple_faults(value, rules, place)
    if kind == "array":
        for index, element in enumerate(value):
            yield from faults(element, rules["items"], f"{place}[{index}]")
    if kind == "object":
        yield from object_faults(value, rules, place)


def simple_faults(value: Any, rules: dict[str, Any], place: str) -> Iterator[str]:
    tests = {
        "enum": lambda limit: value in limit,
        "minimum": lambda limit: value >= limit,
        "maximum": lambda limit: value <= limit,
        "minLength": lambda limit: len(value) >= limit,
        "maxLength": lambda limit: len(value) <= limit,
        "minItems": lambda limit: len(value) >= limit,
        "maxItems": lambda limit: len(value) <= limit,
        "pattern": lambda limit: re.search(limit, value) is not None,
    }
    for name, test in tests.items():
        if name in rules and not test(rules[name]):
            yield f"{place}: {name}"


def object_faults(value: Any, rules: dict[str, Any], place: str) -> Iterator[str]:
    assert rules["additionalProperties"] is False
    yield from (f"{place}: needs {key}" for key in rules.get("required", []) if key not in value)
    for key, inner in value.items():
        if key in rules["properties"]:
            yield from faults(inner, rules["properties"][key], f"{place}.{key}")
        else:
            yield f"{place}: unknown {key}"


@pytest.mark.parametrize("file", sorted(DESCRIPTIONS.glob("*.toml")), ids=lambda file: file.name)
def test_shipped_description_follows_the_schema(file: Path) -> None:
    assert list(faults(tomllib.loads(file.read_text()), SCHEMA)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("lun = 1", "lun = 256", "luns[1].lun: maximum"),
        ('zone = "zone-1"', "", ": needs zone"),
        ("cpus = 2", "cpu = 2", "unknown cpu"),
        ('"20 GiB"', '"20 gib"', "size: no option fits"),
        ('profile = "stock"', 'profile = "stok"', "profile: enum"),
        ('"iqn.2015-05.org.example:two"', '"two"', "iqn: pattern"),
        ('["10.3.0.0/16"]', "[]", "subnets: minItems"),
        ('"10.3.0.0/16"', '"10.3.0.0"', "subnets[0]: pattern"),
        ("storage = false", "storage = 0", "storage: no boolean"),
    ],
)
def test_schema_refuses(small: str, old: str, new: str, fault: str) -> None:
    found = list(faults(tomllib.loads(small.replace(old, new)), SCHEMA))
    assert any(each.endswith(fault) for each in found), found


def test_every_key_is_described() -> None:
    tables = [SCHEMA, *SCHEMA["$defs"].values()]
    assert len(tables) == 18
    for table in tables:
        assert table["description"]
        for key, rules in table["properties"].items():
            assert rules.get("description"), key


def test_schema_is_json_and_knows_no_null() -> None:
    assert "null" not in json.dumps(SCHEMA)
    assert "reveal" not in json.dumps(SCHEMA)
