"""Loading: all findings at once, whatever the file holds, and valid descriptions unchanged."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbsim.deployment import Deployment, Finding, load
from sbsim.deployment.check import examine
from sbsim.deployment.source import Source, Unreadable, parse
from sbsim.deployment.toml_lines import Lines
from sbsim.errors import DescriptionError

BASE = Path("/nowhere")


def to_toml(table: dict[str, Any], header: str = "") -> str:
    """Write a table as TOML: a small writer, sections for tables and arrays of tables."""
    plain, sections = "", ""
    for key, value in table.items():
        name = f"{header}.{json.dumps(key)}" if header else json.dumps(key)
        if isinstance(value, dict):
            sections += f"[{name}]\n{to_toml(value, name)}"
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            sections += "".join(f"[[{name}]]\n{to_toml(each, name)}" for each in value)
        else:
            plain += f"{json.dumps(key)} = {json.dumps(value)}\n"
    return plain + sections


def test_all_findings_come_at_once_in_order_of_lines(
    small: str, findings_of: Callable[[str], list[Finding]]
) -> None:
    faults = {
        'zone = "zone-1"': 'zome = "zone-1"',
        'user = "hosts"': "user = 5",
        'address = "10.1.0.12"': 'address = "10.1.0.11"',
        'name = "right"': 'name = "left"',
        "lun = 1": "lun = 0",
        '"ser-0b"': '"-0-a"',
        'luns = ["lun-b"]': 'luns = ["lun-b", "lun-a", "lun-q"]',
        "cpus = 2": "cpus = 0",
    }
    for old, new in faults.items():
        assert small.count(old) == 1
        small = small.replace(old, new)
    findings = findings_of(small.replace('"ser-0a"', '"0a"'))
    assert [finding.field for finding in findings] == [
        "zome",
        "chap.user",
        "management_node.cpus",
        "hosts[1].address",
        "storage_servers[0].controllers[1].name",
        "storage_servers[0].targets[0].luns[1].lun",
        "storage_servers[0].targets[0].luns[1].serial",
        "primary_storages[1].luns[1]",
        "primary_storages[1].luns[2]",
    ]
    lines = [finding.line or 0 for finding in findings]
    assert lines == sorted(lines)


def test_error_prints_every_finding_on_its_line(tmp_path: Path, small: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(small.replace('"10.1.0.12"', '"10.1.0.11"').replace("cpus = 2", "cpus = 0"))
    with pytest.raises(DescriptionError) as caught:
        load(str(path))
    first, *rest = str(caught.value).splitlines()
    assert first == f"{path}: 2 findings"
    assert rest == [
        "  line 31, management_node.cpus: found 0, expected a whole number from 1 to 1024; "
        "write for example 4",
        "  line 51, hosts[1].address: found '10.1.0.11', which host-1 already has; "
        "give every machine its own address",
    ]
    assert caught.value.exit_status == 2


def test_pool_of_a_deployment_without_luns_is_found(
    small: str, findings_of: Callable[[str], list[Finding]]
) -> None:
    start = small.index("[[storage_servers.targets.luns]]")
    without = small[:start] + small[small.index("[[primary_storages]]") :]
    assert [finding.field for finding in findings_of(without)] == [
        "primary_storages[0].luns[0]",
        "primary_storages[1].luns[0]",
    ]


# --- Whatever the file holds -----------------------------------------------------------------

SCALARS = st.one_of(
    st.none().map(lambda _: "x"),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
    st.text(max_size=8),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.sampled_from(["10.1.0.11", "10.1.0.0/16", "lun-a", "host-1", "2 GiB", "ab", "x.y", ""]),
)
KNOWN = [
    "name", "links", "hosts", "clusters", "chap", "password", "subnets", "luns", "targets",
    "storage_servers", "controllers", "portals", "address", "addresses", "initiators", "serial",
    "primary_storages", "lab", "scale", "mutual", "management_node", "cluster", "tag", "size",
]  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KNOWN), st.text(max_size=4)), inner, max_size=4),
    ),
    max_leaves=12,
)
FOREIGN = ("Input should", "pydantic", "https://", "Value error", "Tuple", "another value")


def check(tables: dict[str, Any]) -> list[Finding]:
    findings, deployment = examine(Source(tables, Lines({})), BASE)
    assert (deployment is None) == bool(findings)
    for finding in findings:
        assert "\n" not in str(finding)
        assert not any(foreign in str(finding) for foreign in FOREIGN), str(finding)
    return findings


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.one_of(st.sampled_from(KNOWN), st.text(max_size=4)), ANYTHING))
def test_any_tables_give_findings_and_no_traceback(tables: dict[str, Any]) -> None:
    assert check(tables)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place (container, key) of a description."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    return [place for key in keys for place in [(value, key), *places(value[key])]]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_change_of_a_valid_description_gives_findings_or_a_deployment(
    small: str, data: st.DataObject
) -> None:
    tables = tomllib.loads(small)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(tables)))
        if data.draw(st.booleans()):
            container[key] = data.draw(ANYTHING)
        elif isinstance(container, dict):
            del container[key]
        else:
            container.append(container[key])
    check(tables)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_damage_to_the_text_gives_findings_or_a_deployment(
    small: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(small) - 1))
    end = start + data.draw(st.integers(0, 20))
    damaged = small[:start] + data.draw(st.text(max_size=5)) + small[end:]
    for finding in findings_of_text(damaged):
        assert finding.line is not None
        assert 1 <= finding.line <= damaged.count("\n") + 1


def findings_of_text(text: str) -> list[Finding]:
    try:
        return examine(parse(text), BASE)[0]
    except Unreadable as error:
        return [error.finding]


# --- Valid descriptions ----------------------------------------------------------------------


@st.composite
def descriptions(draw: st.DrawFn) -> dict[str, Any]:
    """Build the TOML of a valid deployment."""
    words = st.text(st.sampled_from("abcxyz -é"), min_size=1, max_size=8).map(
        lambda text: f"n{text}n"
    )
    clusters = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    numbers = draw(st.lists(st.integers(10, 200), min_size=3, max_size=8, unique=True))
    v6 = draw(st.booleans())
    net = "fd00:9::" if v6 else "10.9.0."
    memory = st.sampled_from([1 << 30, "1 GiB", "1.5 GiB", "2 GB", "65536 MiB"])
    cpus = st.integers(1, 1024)
    hosts = [
        {
            "name": f"host-{number}",
            "cluster": draw(st.sampled_from(clusters)),
            "address": f"{net}{number}",
            "cpus": draw(cpus),
            "memory": draw(memory),
            "initiator": f"iqn.2020-01.org.example:{number}",
        }
        for number in numbers[2:]
    ]
    luns = [
        {
            "lun": number,
            "name": f"lun-{number}",
            "size": draw(st.sampled_from(["4 GiB", 8 << 30, "1 TiB", "5120 MB"])),
            "serial": f"{number:04x}-{draw(st.text(st.sampled_from('ghij'), max_size=3))}",
            **draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "cache": st.sampled_from(["write-through", "write-back"]),
                        "backing": st.sampled_from(["block", "file"]),
                    },
                )
            ),
        }
        for number in draw(st.lists(st.integers(0, 255), max_size=5, unique=True))
    ]
    target: dict[str, Any] = {"iqn": "iqn.2020-01.org.example:t", "luns": luns}
    if draw(st.booleans()):
        target["initiators"] = [host["name"] for host in hosts[: draw(st.integers(1, len(hosts)))]]
    array = f"{net}{numbers[1]}"
    description: dict[str, Any] = {
        "name": draw(words),
        "description": draw(st.text(st.sampled_from("ab\n\t\"\\'#é"), max_size=20)),
        "profile": draw(st.sampled_from(["zstack-2.6", "zstack-5", "stock"])),
        "zone": draw(words),
        "os_release": draw(st.sampled_from(["debian-12", "centos-7", "rocky-9.4"])),
        "links": [{"name": "l", "subnets": [f"{net}/64" if v6 else f"{net}0/24"], "mtu": 9000}],
        "management_node": {"name": "mn", "address": f"{net}{numbers[0]}", "cpus": draw(cpus)},
        "clusters": [{"name": name} for name in clusters],
        "hosts": hosts,
        "storage_servers": [
            {
                "name": "array",
                "address": array,
                "controllers": [
                    {"name": "c1", "portals": [{"address": array}]},
                    {"name": "c2", "portals": [{"address": array, "port": 3261}]},
                ],
                "targets": [target],
            }
        ],
    }
    if luns and draw(st.booleans()):
        pool = {"name": "p", "clusters": clusters, "luns": [lun["name"] for lun in luns]}
        description["primary_storages"] = [pool]
    if draw(st.booleans()):
        password = {"env": "A", "lab_default": draw(st.sampled_from(["password", "a#b=c\"'"]))}
        description["chap"] = {"user": "u", "password": password}
        if draw(st.booleans()):
            description["chap"]["mutual"] = {"user": "t", "password": {"file": "b"}}
    if draw(st.booleans()):
        description["lab"] = {"scale": {"cpus": 1, "memory": draw(memory)}}
    return description


@settings(max_examples=60, deadline=None)
@given(descriptions())
def test_valid_description_is_read_as_written(description: dict[str, Any]) -> None:
    text = to_toml(description)
    assert tomllib.loads(text) == description
    findings, deployment = examine(parse(text), BASE)
    assert findings == []
    assert deployment == Deployment.model_validate(description)
    assert deployment is not None
    again = to_toml(written(deployment))
    assert examine(parse(again), BASE) == ([], deployment)


def written(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment as the TOML that gives it, the password put back in."""
    tables = without_none(json.loads(deployment.model_dump_json()))
    chap = deployment.chap
    if chap is not None and chap.password.lab_default is not None:
        tables["chap"]["password"]["lab_default"] = chap.password.lab_default.reveal()
    return tables


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items() if inner is not None}
    return [without_none(inner) for inner in value] if isinstance(value, list) else value
