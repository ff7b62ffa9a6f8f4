"""iSCSI and Fibre Channel: what each of them needs, and what belongs to the other."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault
from sbsim.deployment.nearest import nearest
from sbsim.deployment.node import Node
from sbsim.deployment.shape import empty_at, known_keys, missing_at

_OVER = 'over Fibre Channel (a link has transport = "fc")'


def is_over_fc(root: Node) -> bool:
    """Say whether the description reaches its LUNs over Fibre Channel."""
    return any(is_fabric(link) for link in root.each("links"))


def is_fabric(link: Node) -> bool:
    """Say whether a link is a Fibre Channel fabric."""
    return link.at("transport").value == "fc"


def needed(root: Node) -> Iterator[Fault]:
    """Every table has the keys that its transport needs."""
    over_fc = is_over_fc(root)
    for table, key in (
        *((link, "subnets") for link in root.each("links") if not is_fabric(link)),
        *((host, "ports" if over_fc else "initiator") for host in root.each("hosts")),
        *(
            (controller, "ports" if over_fc else "portals")
            for controller in root.each("storage_servers", "controllers")
        ),
        *((target, "iqn") for target in root.each("storage_servers", "targets") if not over_fc),
    ):
        if _lacks(table, key):
            yield missing_at((*table.path, key))
        elif table.at(key).value == []:
            yield empty_at((*table.path, key))


def _lacks(table: Node, key: str) -> bool:
    """Say whether a key is not there, nor one that was mistyped: that is a finding of its own."""
    if not isinstance(table.value, dict) or table.value.get(key) is not None:
        return False
    known = known_keys(table.path)
    strange = (str(one) for one in table.value if one not in known)
    return all(nearest(one, known) != key for one in strange)


def foreign(root: Node) -> Iterator[Fault]:
    """Nothing that belongs to the other transport is written."""
    if is_over_fc(root):
        yield from _of_iscsi(root)
        return
    for owner in (*root.each("hosts"), *root.each("storage_servers", "controllers")):
        if (ports := owner.at("ports")).value:
            yield ports.fault(
                "Fibre Channel ports",
                'a link with transport = "fc" for them',
                "describe their link so, or remove them",
            )


def _of_iscsi(root: Node) -> Iterator[Fault]:
    if (chap := root.at("chap")).value is not None:
        yield chap.fault(
            f"CHAP {_OVER}", "no credentials", "remove it: there, WWPNs alone say who may log in"
        )
    for table, key, what, instead in (
        *((one, "initiator", "an iSCSI name", "ports") for one in root.each("hosts")),
        *(
            (one, "portals", "iSCSI portals", "ports")
            for one in root.each("storage_servers", "controllers")
        ),
        *(
            (one, "iqn", "an iSCSI name", "the WWPNs of its server's controllers")
            for one in root.each("storage_servers", "targets")
        ),
        *(
            (one, "subnets", "subnets", "the ports that name it")
            for one in root.each("links")
            if is_fabric(one)
        ),
    ):
        if (written := table.at(key)).value:
            yield written.fault(f"{what} {_OVER}", instead, "remove it")


def one_transport(root: Node) -> Iterator[Fault]:
    """Beside a fabric no link carries iSCSI, and every fabric carries LUNs."""
    if not is_over_fc(root):
        return
    for link in root.each("links"):
        storage = link.at("storage")
        if is_fabric(link) and storage.value is False:
            yield storage.fault(
                "false for a Fibre Channel fabric", "true", "remove it: a fabric is for LUNs alone"
            )
        if not is_fabric(link) and storage.value is not False:
            yield link.fault(
                f"iSCSI on {link.label} beside Fibre Channel",
                "one transport in a deployment",
                'write storage = false for this link, or transport = "fc"',
            )
