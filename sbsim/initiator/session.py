"""iSCSI sessions: which there are, and how the kernel sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sbsim.deployment import Portal, Secret
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.exit_status import Status, run_iscsiadm
from sbsim.initiator.iscsiadm import SessionLine, parse_sessions
from sbsim.initiator.node import Node
from sbsim.initiator.reading import unreadable
from sbsim.machines import Clock, Machine, Result
from sbsim.machines.clock import wait_until

LOGOUT_LIMIT_SECONDS = 40.0

_SESSIONS = "/sys/class/iscsi_session"
_CONNECTIONS = "/sys/class/iscsi_connection"
_LINK = re.compile(r".*/host(?P<host>[0-9]{1,9})/session(?P<sid>[0-9]{1,9})/iscsi_session/\S+")
# How the kernel shows a text that was never set.
_NULL = frozenset({"", "(null)", "<NULL>"})


@dataclass(frozen=True)
class Session:
    """A session. `id` and `scsi_host` are the kernel's numbers and mean nothing elsewhere.

    `state` is sysfs' LOGGED_IN, FAILED or FREE; `connection` its up, down or failed.
    """

    id: int
    portal: Portal
    tag: int
    iqn: str
    state: str
    connection: str
    scsi_host: int

    @property
    def node(self) -> Node:
        """The target and portal that it is logged in to."""
        return Node(self.portal, self.tag, self.iqn)

    @property
    def target_name(self) -> str:
        """The target's IQN."""
        return self.iqn

    @property
    def place(self) -> str:
        """The portal."""
        return str(self.portal)

    @property
    def usable(self) -> bool:
        """Whether I/O can pass."""
        return self.state == "LOGGED_IN" and self.connection == "up"


@dataclass(frozen=True)
class Credentials:
    """What a session logged in with, as the kernel keeps it for reconnecting."""

    initiator: str
    chap: ChapSettings


def read_sessions(machine: Machine) -> tuple[Session, ...]:
    """Return the machine's sessions in the order of their ids."""
    result = run_iscsiadm(machine, "-m", "session", accept=(Status.NO_RECORDS,))
    lines = sorted(parse_sessions(result.stdout), key=lambda line: line.id)
    hosts = _scsi_hosts(machine, [line.id for line in lines])
    # A session that ended meanwhile has no host any more.
    return tuple(_session(machine, line, hosts[line.id]) for line in lines if line.id in hosts)


def read_credentials(machine: Machine, session: Session) -> Credentials:
    """Return the name and the CHAP settings that the session itself uses, not the files' ones."""
    password = _text(machine, session.id, "password")
    mutual = _text(machine, session.id, "password_in")
    return Credentials(
        initiator=_text(machine, session.id, "initiatorname") or "",
        chap=ChapSettings(
            user=_text(machine, session.id, "username"),
            password=None if password is None else Secret(password),
            mutual_user=_text(machine, session.id, "username_in"),
            mutual_password=None if mutual is None else Secret(mutual),
        ),
    )


def end_sessions(machine: Machine, clock: Clock, *argv: str) -> bool:
    """Log out by iscsiadm with these arguments; false if there was no session to end."""
    ended: list[Result] = []

    def tried() -> bool:
        accept = (Status.NO_RECORDS, Status.SESSION_NOT_FOUND, Status.NOT_CONNECTED)
        ended.append(run_iscsiadm(machine, *argv, accept=accept))
        # After a restart of iscsid no session can end until it has them in hand again.
        return ended[-1].status in (Status.OK, Status.NO_RECORDS)

    what = f"{machine.name}'s sessions to end"
    wait_until(clock, tried, LOGOUT_LIMIT_SECONDS, what, every_seconds=1.0)
    return any(result.status != Status.NO_RECORDS for result in ended)


def _session(machine: Machine, line: SessionLine, scsi_host: int) -> Session:
    return Session(
        id=line.id,
        portal=line.node.portal,
        tag=line.node.tag,
        iqn=line.node.iqn,
        state=_text(machine, line.id, "state") or "FREE",
        connection=_attribute(machine, f"{_CONNECTIONS}/connection{line.id}:0/state") or "down",
        scsi_host=scsi_host,
    )


def _scsi_hosts(machine: Machine, ids: list[int]) -> dict[int, int]:
    """Return each session's SCSI host number, from where its link in sysfs leads."""
    if not ids:
        return {}
    links = machine.run("readlink", *(f"{_SESSIONS}/session{id}" for id in ids), check=False)
    hosts: dict[int, int] = {}
    for number, line in enumerate(links.lines, start=1):
        match = _LINK.fullmatch(line)
        if match is None:
            raise unreadable("readlink of a session", number, line, ".../hostN/sessionN/...")
        hosts[int(match["sid"])] = int(match["host"])
    return hosts


def _text(machine: Machine, session: int, name: str) -> str | None:
    return _attribute(machine, f"{_SESSIONS}/session{session}/{name}")


def _attribute(machine: Machine, path: str) -> str | None:
    try:
        # One newline is the kernel's; blanks may be a password's own.
        text = machine.read(path).decode("utf-8", "surrogateescape").removesuffix("\n")
    except OSError:
        return None
    return None if text in _NULL else text
