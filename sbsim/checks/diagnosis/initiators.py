"""Every host's initiator: who it is, what it logs in with, and where it is logged in (3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.checks.lease_times import DEAD
from sbsim.deployment import Deployment, Host
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.node import Node
from sbsim.initiator.routes import wanted_nodes
from sbsim.initiator.session import Session
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed
from sbsim.sharedblock.profiles import profile

_MAX_LUN = "/sys/module/iscsi_tcp/parameters/max_lun"


@dataclass(frozen=True)
class Seen:
    """What a host's initiator says; `gives_up` are the seconds after which a session fails I/O."""

    name: str | None
    chap: ChapSettings
    sessions: tuple[Session, ...]
    startup: Mapping[Node, str]
    gives_up: Mapping[Node, int]
    max_lun: int | None


def look(deployed: Deployed) -> Iterator[Diagnosis]:
    """What is wrong with the hosts' initiators; nothing over Fibre Channel, which has none."""
    deployment = deployed.deployment
    if deployment.transport != "iscsi":
        return
    seen = parallel(deployment.hosts, lambda host: _read(deployed.initiator(host)))
    names = {name: found.name for name, found in seen.items()}
    lease = _lease_seconds(deployment)
    for host in deployment.hosts:
        found = seen[host.name]
        yield from _name(host, names)
        yield from _chap(host, deployed.chap, found.chap)
        yield from _logins(deployment, host, found)
        yield from _limits(deployment, host, found, lease)


def _read(initiator: Initiator) -> Seen:
    sessions = initiator.sessions()
    return Seen(
        initiator.name(),
        initiator.chap_settings(),
        sessions,
        {node: initiator.startup_of(node) for node in initiator.nodes()},
        {
            one.node: seconds
            for one in sessions
            if (seconds := _gives_up(initiator, one)) is not None
        },
        _number(initiator, _MAX_LUN),
    )


def _gives_up(initiator: Initiator, session: Session) -> int | None:
    return _number(initiator, f"/sys/class/iscsi_session/session{session.id}/recovery_tmo")


def _number(initiator: Initiator, path: str) -> int | None:
    found = initiator.machine.run("cat", path, check=False)
    text = found.stdout.strip()
    return int(text) if found.ok and text.isdecimal() else None


def _lease_seconds(deployment: Deployment) -> int:
    """How long a host that cannot renew its lease keeps it."""
    io_timeout = deployment.lab.io_timeout or profile(deployment.profile).io_timeout
    return DEAD * io_timeout


def _name(host: Host, names: Mapping[str, str | None]) -> Iterator[Diagnosis]:
    name = names[host.name]
    twins = sorted(other for other, one in names.items() if one == name and other != host.name)
    if twins and name is not None:
        yield Diagnosis(
            "initiator-name-doubled",
            host.name,
            f"{', '.join(twins)} also calls itself {name}: at the next login each throws the "
            "other one out",
            f"give every host a name of its own; {host.initiator} here, in initiatorname.iscsi",
        )
    elif name != host.initiator:
        yield Diagnosis(
            "initiator-name-differs",
            host.name,
            f"it calls itself {name or 'nothing'}: the targets do not know it by that",
            f"write InitiatorName={host.initiator} into initiatorname.iscsi and log in anew",
        )


def _chap(host: Host, wanted: ChapSettings, seen: ChapSettings) -> Iterator[Diagnosis]:
    facts = (
        ("user", "user name"),
        ("password", "password"),
        ("mutual_user", "user name of the target"),
        ("mutual_password", "password of the target"),
    )
    wrong = [text for name, text in facts if getattr(seen, name) != getattr(wanted, name)]
    if seen.method != wanted.method:
        yield Diagnosis(
            "chap-not-set" if wanted.user else "chap-set",
            f"{host.name}: iscsid.conf",
            f"the method is {seen.method}, the description asks for {wanted.method}",
            "set node.session.auth.authmethod and the credentials, discover and log in anew",
        )
    elif wrong:
        yield Diagnosis(
            "chap-mismatch",
            f"{host.name}: iscsid.conf",
            f"it holds another {' and another '.join(wrong)} than the targets expect",
            "write the described credentials, discover and log in anew",
        )


def _logins(deployment: Deployment, host: Host, seen: Seen) -> Iterator[Diagnosis]:
    sessions = {one.node: one for one in seen.sessions}
    for node in wanted_nodes(deployment, host):
        where = f"{host.name}: {node.iqn} at {node.portal}"
        session = sessions.get(node)
        if session is None:
            yield Diagnosis(
                "not-logged-in",
                where,
                "there is no session",
                "log in: iscsiadm -m node -T … -p … --login; what it says names the reason",
            )
        elif not session.usable:
            yield Diagnosis(
                "session-failed",
                where,
                f"the session is {session.state}, its connection {session.connection}",
                "look whether the portal answers and still lets this host in",
            )
        startup = seen.startup.get(node)
        if startup not in (None, "automatic"):
            yield Diagnosis(
                "login-not-automatic",
                where,
                f"its startup is {startup}: after a restart the host does not log in",
                "iscsiadm -m node -T … -p … -o update -n node.startup -v automatic",
                "warning",
            )


def _limits(
    deployment: Deployment, host: Host, seen: Seen, lease_seconds: int
) -> Iterator[Diagnosis]:
    highest = max((lun.lun for lun in deployment.luns), default=0)
    if seen.max_lun is not None and seen.max_lun <= highest + 1:
        yield Diagnosis(
            "lun-numbers-limited",
            f"{host.name}: iscsi_tcp",
            f"its driver takes no LUN number from {seen.max_lun} on: a further LUN is not seen",
            "load iscsi_tcp without max_lun, or with a larger one",
        )
    with_luns = {target.iqn for target in deployment.targets if target.luns}
    waiting = [
        seconds
        for node, seconds in seen.gives_up.items()
        if node.iqn in with_luns and seconds > lease_seconds
    ]
    if waiting:
        yield Diagnosis(
            "timeouts-outlast-lease",
            host.name,
            f"a session keeps I/O for {max(waiting)} s after its path is lost, while the host's "
            f"lease ends after {lease_seconds} s: what it then still writes may hit blocks that "
            "another host has taken over",
            "set node.session.timeo.replacement_timeout (under multipath fast_io_fail_tmo) below "
            "the lease's time",
            "warning",
        )
