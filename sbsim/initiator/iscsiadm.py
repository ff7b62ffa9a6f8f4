"""What `iscsiadm` prints: discoveries, node lists, sessions and node records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sbsim.deployment import Secret
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.iscsid_conf import MASK, is_secret
from sbsim.initiator.node import Node
from sbsim.initiator.reading import (
    PORTAL_AND_TAG,
    TARGET,
    numbered_lines,
    read_portal,
    unreadable,
)
from sbsim.initiator.timeouts import KEYS, Timeouts, read_timeouts

_NODE = re.compile(rf"{PORTAL_AND_TAG} {TARGET}")
_SESSION = re.compile(
    rf"(?P<transport>[a-z0-9_]{{1,20}}): \[(?P<sid>[0-9]{{1,9}})\] {PORTAL_AND_TAG} {TARGET}"
    r"(?: \((?:non-)?flash\))?"
)
_BEGIN = re.compile(r"# BEGIN RECORD \S+")
_END = "# END RECORD"
_VALUE = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_.\[\]]*) = (?P<value>.*)")
_EMPTY = "<empty>"
# What iscsiadm shows in the place of a password.
_HIDDEN = "********"


@dataclass(frozen=True)
class SessionLine:
    """A session as `iscsiadm -m session` lists it. `id` is the kernel's session number."""

    id: int
    node: Node
    transport: str


@dataclass(frozen=True)
class NodeRecord:
    """A node record. `values` holds what is set; passwords are in `secrets` and never shown.

    A password that iscsiadm hid is the secret `********`.
    """

    values: dict[str, str]
    secrets: dict[str, Secret] = field(default_factory=dict)

    @property
    def startup(self) -> str:
        """What happens to it at boot: manual, automatic or onboot."""
        return self.values.get("node.startup", "manual")

    @property
    def chap(self) -> ChapSettings:
        """The CHAP settings that the next login uses."""
        prefix = "node.session.auth."
        if self.values.get(f"{prefix}authmethod", "None") != "CHAP":
            return ChapSettings()
        return ChapSettings(
            user=self.values.get(f"{prefix}username"),
            password=self.secrets.get(f"{prefix}password"),
            mutual_user=self.values.get(f"{prefix}username_in"),
            mutual_password=self.secrets.get(f"{prefix}password_in"),
        )

    @property
    def timeouts(self) -> Timeouts:
        """The time-outs that the next login uses."""
        return read_timeouts("a node record", {key: self.values.get(key) for key in KEYS.values()})


def parse_nodes(text: str, tool: str = "iscsiadm -m node") -> tuple[Node, ...]:
    """Read what a sendtargets discovery or `iscsiadm -m node` prints, in its order."""
    return tuple(
        _node(_NODE.fullmatch(line), tool, number, line) for number, line in numbered_lines(text)
    )


def parse_sessions(text: str) -> tuple[SessionLine, ...]:
    """Read what `iscsiadm -m session` prints, in its order."""
    tool = "iscsiadm -m session"
    sessions = []
    for number, line in numbered_lines(text):
        match = _SESSION.fullmatch(line)
        node = _node(match, tool, number, line)
        assert match is not None
        sessions.append(SessionLine(int(match["sid"]), node, match["transport"]))
    return tuple(sessions)


def parse_node_records(text: str, tool: str = "iscsiadm -m node -o show") -> tuple[NodeRecord, ...]:
    """Read node records, as iscsiadm shows them and as its files hold them."""
    records: list[NodeRecord] = []
    inside = False
    for number, line in numbered_lines(text):
        if not inside and _BEGIN.fullmatch(line):
            records.append(NodeRecord({}))
            inside = True
        elif inside and line == _END:
            inside = False
        elif inside and (match := _VALUE.fullmatch(line)):
            _keep(records[-1], match["key"], match["value"])
        else:
            expected = "key = value" if inside else "# BEGIN RECORD"
            raise unreadable(tool, number, _without_value(line), expected)
    if inside:
        raise UnreadableOutput(tool, 0, "its end", _END)
    return tuple(records)


def _keep(record: NodeRecord, key: str, value: str) -> None:
    if value == _EMPTY:
        return
    if is_secret(key):
        record.secrets[key] = Secret(value)
    else:
        record.values[key] = value


def _without_value(line: str) -> str:
    """Return a line for an error message: what follows the `=` may be a password."""
    key, separator, _value = line.partition("=")
    return f"{key}{separator} {MASK}" if separator else MASK if is_secret(line) else line


def _node(match: re.Match[str] | None, tool: str, number: int, line: str) -> Node:
    portal = read_portal(match["v6"] or match["v4"], match["port"]) if match else None
    if match is None or portal is None:
        raise unreadable(tool, number, line, "ADDRESS:PORT,TAG and a target's name")
    return Node(portal, int(match["tag"]), match["iqn"])
