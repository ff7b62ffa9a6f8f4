"""From the description to the array that a storage server is to show."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment import Deployment
from sbsim.deployment.secret import Secret
from sbsim.deployment.storage_server import StorageServer
from sbsim.deployment.target import Target as DescribedTarget
from sbsim.errors import UsageError
from sbsim.target.failure import TargetFailure
from sbsim.target.model import FC, Array, Chap, Group, Initiator, Lun, Portal, Target
from sbsim.target.rules import check


def wanted_array(
    deployment: Deployment,
    server: StorageServer,
    password: Secret | None = None,
    mutual_password: Secret | None = None,
) -> Array:
    """Return the array that `server` is to show.

    The passwords are those of `deployment.chap`, resolved. Raises UsageError if one is missing,
    or if the array could not be served as described.
    """
    chap = chap_of(deployment, password, mutual_password)
    make = _ports if deployment.transport == "fc" else _targets
    array = Array(tuple(make(deployment, server, chap)))
    try:
        # The way over JSON reads every field as strictly as the storage server will.
        check(Array.from_json(array.to_json()))
    except TargetFailure as failure:
        raise UsageError(f"storage server {server.name}: {failure}") from None
    return array


def chap_of(
    deployment: Deployment, password: Secret | None, mutual_password: Secret | None
) -> Chap:
    """Return the credentials that every initiator uses."""
    described = deployment.chap
    if described is None:
        return Chap()
    if password is None:
        raise UsageError("the description asks for CHAP: expected its password, found none")
    if described.mutual is None:
        return Chap(described.user, password.reveal())
    if mutual_password is None:
        raise UsageError("the description asks for mutual CHAP: expected its password, found none")
    return Chap(described.user, password.reveal(), described.mutual.user, mutual_password.reveal())


def initiators_of(
    deployment: Deployment, target: DescribedTarget, chap: Chap
) -> tuple[Initiator, ...]:
    """Return the initiators that may log in to a target, in the order of the description."""
    hosts = deployment.initiators_of(target)
    return tuple(Initiator(host.initiator, chap) for host in hosts if host.initiator)


def _targets(deployment: Deployment, server: StorageServer, chap: Chap) -> Iterator[Target]:
    """Return the server's iSCSI targets."""
    for target in server.targets:
        assert target.iqn is not None, "a sound description names its iSCSI targets"
        initiators = initiators_of(deployment, target, chap)
        yield Target(target.iqn, _groups(server), _luns(target), initiators)


def _ports(deployment: Deployment, server: StorageServer, chap: Chap) -> Iterator[Target]:
    """Return each of the server's Fibre Channel ports as the target that it is.

    It lets in the ports of the target's hosts that are on the same fabric.
    """
    for target in server.targets:
        hosts = deployment.initiators_of(target)
        for port in server.fc_ports:
            ports = (own for host in hosts for own in host.ports if own.link == port.link)
            initiators = tuple(Initiator(own.naa) for own in ports)
            yield Target(port.naa, (Group(1, ()),), _luns(target), initiators, FC)


def _groups(server: StorageServer) -> tuple[Group, ...]:
    return tuple(
        Group(
            controller.tag,
            tuple(Portal(portal.address.compressed, portal.port) for portal in controller.portals),
        )
        for controller in server.controllers
    )


def _luns(target: DescribedTarget) -> tuple[Lun, ...]:
    return tuple(
        Lun(
            lun=lun.lun,
            name=lun.name,
            size=lun.size,
            serial=lun.serial,
            backing=lun.backing,
            path=lun.device,
            write_back=lun.cache == "write-back",
        )
        for lun in target.luns
    )
