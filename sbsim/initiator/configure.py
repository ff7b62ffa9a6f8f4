"""A host's iSCSI initiator made to be what the description says, and undone again."""

from __future__ import annotations

from sbsim.deployment import Deployment, Host, Portal
from sbsim.initiator import backup
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import DiscoveryRefused, UnknownNode
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.lun_view import expected_luns
from sbsim.initiator.node import Node
from sbsim.initiator.node_records import delete_record
from sbsim.initiator.routes import initiator_of, reachable_portals, wanted_nodes
from sbsim.initiator.session import Credentials, Session


def apply(
    initiator: Initiator, deployment: Deployment, host: Host, chap: ChapSettings
) -> tuple[str, ...]:
    """Make the host's initiator what the description says; return what was changed.

    Name, CHAP, discovery at every portal that the host can reach, login to every target of its
    own through each of them, startup automatic. Nothing to change gives an empty tuple and drops
    no session. A changed name or CHAP ends and renews this host's sessions. `chap` is what
    `chap_of` gives. Sessions and records of targets that the description does not name are left
    alone, unless the name changes: it is the host's. Raises the errors of `Initiator`;
    DiscoveryRefused when a portal does not list a target for this host;
    WaitedInVain when a LUN does not appear.
    """
    return _Apply(initiator, deployment, host, chap).run()


def remove(initiator: Initiator, deployment: Deployment) -> tuple[str, ...]:
    """Undo `apply`: the description's sessions and records go, the files are the originals again.

    Returns what was changed: nothing, where nothing was left.
    """
    changes = []
    ours = {target.iqn for target in deployment.targets}
    for session in initiator.sessions():
        if session.iqn in ours and initiator.logout(session.iqn, session.portal):
            changes.append(f"logged out of {session.node}")
    nodes = initiator.nodes()
    for node in nodes:
        if node.iqn in ours and delete_record(initiator.machine, node):
            changes.append(f"deleted the node record of {node}")
    # Deleting a discovery deletes all records that it made, also of targets of others.
    if all(node.iqn in ours for node in nodes):
        for portal in _portals(deployment):
            if initiator.forget_portal(portal):
                changes.append(f"deleted the discoveries at {portal}")
    name = initiator.name()
    if backup.restore(initiator.machine):
        changes.append("put the original configuration back")
        if initiator.name() != name:
            initiator.stop_daemon()
    return tuple(changes)


def _portals(deployment: Deployment) -> list[Portal]:
    controllers = [one for server in deployment.storage_servers for one in server.controllers]
    return [portal for controller in controllers for portal in controller.portals]


class _Apply:
    """One call of `apply`."""

    def __init__(
        self, initiator: Initiator, deployment: Deployment, host: Host, chap: ChapSettings
    ) -> None:
        self._initiator = initiator
        self._deployment = deployment
        self._host = host
        self._chap = chap
        self._wanted = wanted_nodes(deployment, host)
        self._described = {target.iqn for target in deployment.targets}
        self._changes: list[str] = []
        self._present: set[Node] = set()
        self._known: set[Node] = set()
        self._lost: list[Node] = []
        self._logged_in = False

    def run(self) -> tuple[str, ...]:
        self._end_wrong_sessions()
        self._write_files()
        self._forget_old_tags()
        self._discover()
        self._start_at_boot()
        self._log_in()
        self._see_luns()
        return tuple(self._changes)

    def _see_luns(self) -> None:
        """Wait for the host's LUNs; scan for those that were mapped after it had logged in."""
        wwids = {lun.wwid for lun in expected_luns(self._deployment, self._host) if lun.wwid}
        if not self._logged_in:
            seen = {line.wwid for line in self._initiator.disk_ids()}
            if wwids <= seen:
                return
            self._initiator.rescan_hosts()
            self._changes.append(f"scanned for {', '.join(sorted(wwids - seen))}")
        self._initiator.settle(wwids)

    def _end_wrong_sessions(self) -> None:
        """End the sessions that should not be, or that logged in as somebody else."""
        wanted = Credentials(initiator_of(self._host), self._chap)
        for session in self._initiator.sessions():
            ours = session.iqn in self._described
            if not ours or self._is_right(session, wanted):
                self._present.add(session.node)
            else:
                self._initiator.logout(session.iqn, session.portal)
                self._changes.append(f"logged out of {session.node}")

    def _is_right(self, session: Session, wanted: Credentials) -> bool:
        return session.node in self._wanted and self._initiator.credentials(session) == wanted

    def _write_files(self) -> None:
        if backup.keep(self._initiator.machine):
            self._changes.append("kept a copy of the original configuration")
        if self._initiator.set_name(initiator_of(self._host)):
            self._changes.append(f"set the initiator's name to {self._host.initiator}")
            # A new name ends all sessions, also those that the description does not name.
            self._lost = sorted(self._present - set(self._wanted), key=str)
            self._present.clear()
        if self._initiator.set_chap(self._chap):
            self._changes.append(f"set CHAP in iscsid.conf (method {self._chap.method})")

    def _forget_old_tags(self) -> None:
        """Delete the records of wanted nodes that were made under another portal-group tag."""
        self._known = set(self._initiator.nodes())
        wanted = {(node.iqn, node.portal): node for node in self._wanted}
        for node in sorted(self._known, key=str):
            current = wanted.get((node.iqn, node.portal))
            if current is not None and current != node:
                # iscsiadm deletes by target and portal: the right record, if there is one, too.
                self._initiator.forget(node)
                self._known -= {node, current}
                self._present.discard(current)
                self._changes.append(f"deleted the node record of {node}")

    def _discover(self) -> None:
        """Have a record of every wanted node, with today's CHAP settings in it."""
        stale = {node for node in self._wanted if self._record_is_stale(node)}
        servers = self._deployment.storage_servers
        for server in servers:
            for tag, portal in reachable_portals(self._deployment, self._host, server):
                expected = {
                    node for node in self._wanted if (node.portal, node.tag) == (portal, tag)
                }
                renewed = expected & stale
                found = self._initiator.discover(portal, "renew" if renewed else "keep")
                self._refuse_missing(portal, expected - set(found))
                self._changes += [f"discovered {node}" for node in found if node in renewed]
                self._known.update(found)

    def _record_is_stale(self, node: Node) -> bool:
        try:
            return self._initiator.record_of(node).chap != self._chap
        except UnknownNode:
            return True

    def _refuse_missing(self, portal: Portal, missing: set[Node]) -> None:
        if missing:
            names = ", ".join(sorted(f"{node}" for node in missing))
            raise DiscoveryRefused(
                self._initiator.host,
                f"the portal {portal} does not show {names} to {self._host.initiator}; check the "
                "target's portals and its ACL for this initiator",
            )

    def _start_at_boot(self) -> None:
        """Set the wanted nodes to automatic, and those that cannot be reached to manual.

        A portal lists all portals of a target, also those on links that this host is not on.
        """
        for node in self._initiator.set_startup("automatic", self._wanted):
            self._changes.append(f"set the startup of {node} to automatic")
        unreachable = {node for node in self._known if node.iqn in self._described}
        for node in sorted(unreachable - set(self._wanted), key=str):
            if self._initiator.set_startup("manual", [node]):
                self._changes.append(f"set the startup of {node} to manual")

    def _log_in(self) -> None:
        for node in [*self._wanted, *self._lost]:
            if node in self._present:
                continue
            # Its portal has just answered a discovery: no need to ask again whether it is there.
            if self._initiator.login(node.iqn, node.portal, probe=node in self._lost):
                self._changes.append(f"logged in to {node}")
                self._logged_in = True
