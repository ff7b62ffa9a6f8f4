"""open-iscsi's node records on a host: one per target, portal and portal-group tag."""

from __future__ import annotations

from sbsim.initiator.errors import UnknownNode
from sbsim.initiator.exit_status import Status, run_iscsiadm
from sbsim.initiator.iscsiadm import NodeRecord, parse_node_records, parse_nodes
from sbsim.initiator.node import Node
from sbsim.machines import Machine

# Debian keeps them here, Red Hat's family in the second place.
_FOLDERS = ("/etc/iscsi/nodes", "/var/lib/iscsi/nodes")


def read_nodes(machine: Machine) -> tuple[Node, ...]:
    """Return the nodes that have a record."""
    result = run_iscsiadm(machine, "-m", "node", accept=(Status.NO_RECORDS,))
    return parse_nodes(result.stdout)


def read_record(machine: Machine, node: Node) -> NodeRecord:
    """Return a node's record, from its file: iscsiadm would hide the passwords that it holds.

    Raises UnknownNode.
    """
    place = f"{node.iqn}/{node.portal.address},{node.portal.port},{node.tag}/default"
    for folder in _FOLDERS:
        path = f"{folder}/{place}"
        try:
            text = machine.read(path).decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        return parse_node_records(text, path)[0]
    raise UnknownNode(machine.name, f"there is no node record of {node}; discover it first")


def update_record(machine: Machine, node: Node, key: str, value: str) -> None:
    """Set one value of a node's record. Never a password: it would stand in argv."""
    run_iscsiadm(machine, *_place(node), "-o", "update", "-n", key, "-v", value)


def delete_record(machine: Machine, node: Node) -> bool:
    """Delete a node's record, of which no session may be left; false if there is none.

    Records of the same target and portal with another tag go with it.
    """
    result = run_iscsiadm(machine, *_place(node), "-o", "delete", accept=(Status.NO_RECORDS,))
    return result.ok


def delete_discoveries(machine: Machine, portal: str) -> bool:
    """Delete what discoveries at a portal have left; false if there is nothing."""
    argv = ("-m", "discoverydb", "-t", "st", "-p", portal, "-o", "delete")
    return run_iscsiadm(machine, *argv, accept=(Status.NO_RECORDS,)).ok


def _place(node: Node) -> tuple[str, ...]:
    # iscsiadm 2.1.8 takes a portal-group tag here, but acts on the records of every tag.
    return ("-m", "node", "-T", node.iqn, "-p", str(node.portal))
