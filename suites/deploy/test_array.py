"""Chapter 3.1: what the array shows, to whom, and under which conditions."""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import StorageServer
from sbsim.initiator.routes import wanted_nodes
from sbsim.initiator.trial import REFUSED, shown, try_logins
from sbsim.management.deployed import Deployed
from sbsim.target.model import Array
from sbsim.target.results import Reading


@pytest.fixture(scope="session")
def wanted(deployed: Deployed, storage_server: StorageServer) -> Array:
    """What the array must be."""
    return deployed.wanted(storage_server)


@pytest.fixture(scope="session")
def reading(deployed: Deployed, storage_server: StorageServer, wanted: Array) -> Reading:
    """What the array is, read from its kernel once for the tests here, which change nothing."""
    return deployed.target_server(storage_server).read(wanted)


@pytest.mark.requirement("R3.1")
def test_array_maps_luns_of_the_stated_size(
    reading: Reading, wanted: Array, storage_server: StorageServer, proves: Proof
) -> None:
    def mapped(array: Array) -> dict[str, dict[str, str]]:
        return {
            target.iqn: {str(lun.lun): lun.name for lun in target.luns} for target in array.targets
        }

    def sizes(array: Array) -> dict[str, int]:
        return {lun.name: lun.size for lun in array.luns}

    name = storage_server.name
    proves("R3.1", "mapped", name, seen=mapped(reading.array), wanted=mapped(wanted))
    proves("R3.1", "size", name, seen=sizes(reading.array), wanted=sizes(wanted))


@pytest.mark.requirement("R3.2")
def test_luns_on_the_array_have_their_serial_backing_and_write_cache(
    reading: Reading, wanted: Array, storage_server: StorageServer, proves: Proof
) -> None:
    # Of the LUNs that are there: which of them lack is R3.1's matter.
    names = {lun.name for lun in reading.array.luns} & {lun.name for lun in wanted.luns}
    if not names:
        proves.blocked(f"{storage_server.name} maps none of the described LUNs")
    for probe, fact in (
        ("serial", "serial"),
        ("backing", "backing"),
        ("write_cache", "write_back"),
    ):
        seen, must = (
            {lun.name: getattr(lun, fact) for lun in array.luns if lun.name in names}
            for array in (reading.array, wanted)
        )
        proves("R3.2", probe, storage_server.name, seen=seen, wanted=must)


@pytest.mark.requirement("R3.3")
def test_array_lets_in_the_named_initiators_only_and_by_chap(
    reading: Reading, wanted: Array, storage_server: StorageServer, proves: Proof
) -> None:
    def acl(array: Array) -> dict[str, list[str]]:
        return {
            target.iqn: sorted(one.name for one in target.initiators) for target in array.targets
        }

    name = storage_server.name
    proves("R3.3", "acl", name, seen=acl(reading.array), wanted=acl(wanted))
    # Whether a password is the right one only the storage server itself can tell: it compares,
    # and names what differs without showing it. Anything that opens a target to others differs too.
    differing = [
        str(one)
        for one in reading.differences
        if one.kind in ("group", "acl") and one.field != "enabled"
    ]
    proves("R3.3", "chap", name, seen=differing, wanted=[])


@pytest.mark.requirement("R3.3")
def test_initiator_that_is_not_named_is_refused(
    deployed: Deployed, storage_server: StorageServer, proves: Proof
) -> None:
    host = deployed.deployment.hosts[0]
    initiator = deployed.initiator(host)
    targets = {target.iqn for target in storage_server.targets}
    nodes = [node for node in wanted_nodes(deployed.deployment, host) if node.iqn in targets]
    seen = try_logins(initiator, shown(initiator, nodes), name=f"{host.initiator}.stranger")
    if not seen:
        proves.blocked(f"{storage_server.name} shows no target to {host.name}")
    proves("R3.3", "refused", storage_server.name, seen=seen, wanted=dict.fromkeys(seen, REFUSED))
