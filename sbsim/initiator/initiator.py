"""One host's iSCSI initiator: open-iscsi, asked and told over the machine's door."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal

from sbsim.deployment import Portal
from sbsim.errors import CommandTimeout
from sbsim.initiator import initiator_name, iscsid_conf
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.exit_status import Status, discovery_error, login_error, run_iscsiadm
from sbsim.initiator.iscsiadm import NodeRecord, parse_nodes
from sbsim.initiator.iscsid_conf import IscsidConf
from sbsim.initiator.login import Login
from sbsim.initiator.node import DiscoveredTarget, Node
from sbsim.initiator.node_records import (
    delete_discoveries,
    delete_record,
    read_nodes,
    read_record,
    update_record,
)
from sbsim.initiator.session import (
    Credentials,
    Session,
    end_sessions,
    read_credentials,
    read_sessions,
)
from sbsim.initiator.side import HostSide
from sbsim.initiator.timeouts import KEYS, Timeouts, read_timeouts
from sbsim.machines import Result

# iscsiadm tries an unreachable portal six times: 5 s if it is refused, 19 s if there is no such
# host, 90 s if packets vanish.
DISCOVERY_LIMIT_SECONDS = 25.0
LOGIN_LIMIT_SECONDS = 40.0

Records = Literal["keep", "renew", "none"]


class Initiator(HostSide):
    """The initiator of one machine. Every method may be repeated; what is done already, is left.

    Example: `Initiator(machine, clock).login(iqn, portal)`, then `.settle()` and `.devices()`.
    """

    # --- who it is --------------------------------------------------------------------------

    def name(self) -> str | None:
        """The initiator's name as its file states it, None if it states none."""
        return initiator_name.parse_initiator_name(self._read(initiator_name.PATH))

    def set_name(self, iqn: str) -> bool:
        """Give it a name; false if it has that name already.

        All its sessions end first: a name holds for new logins only, and an iscsid that restarts
        amid sessions would log them in again under the new name.
        """
        text = self._read(initiator_name.PATH)
        if initiator_name.parse_initiator_name(text) == iqn:
            return False
        self.logout_all()
        data = initiator_name.with_initiator_name(text, iqn).encode("utf-8", "surrogateescape")
        self.machine.write(initiator_name.PATH, data, initiator_name.MODE)
        self.stop_daemon()
        return True

    def stop_daemon(self) -> None:
        """End iscsid, which reads its name only when it starts; its socket starts it when needed.

        Through iscsiadm, for an iscsid that systemd stops within seconds of its start hangs for
        a minute (open-iscsi 2.1.8).
        """
        if self.machine.run("systemctl", "is-active", "iscsid.service", check=False).ok:
            self.machine.run("iscsiadm", "-k", "0")

    def chap_settings(self) -> ChapSettings:
        """The CHAP settings in iscsid.conf; passwords print as `***`."""
        return self._conf().chap()

    def set_chap(self, chap: ChapSettings) -> bool:
        """Write CHAP settings into iscsid.conf, which then only root can read.

        False if they stand there already. They hold for records made or renewed afterwards
        (`discover(portal, records="renew")`), and for the logins after that.
        """
        return self._change_conf(lambda conf: conf.with_chap(chap))

    def timeouts(self) -> Timeouts:
        """The time-outs in iscsid.conf."""
        conf = self._conf()
        return read_timeouts(iscsid_conf.PATH, {key: conf.value(key) for key in KEYS.values()})

    def set_timeouts(self, timeouts: Timeouts) -> bool:
        """Set time-outs in iscsid.conf and in every node record; false if all stand there.

        Sessions have them from their next login on.
        """
        changed = False
        if self.timeouts() != timeouts:
            changed = self._change_conf(lambda conf: _with_settings(conf, timeouts.settings()))
        for node in self.nodes():
            if self.record_of(node).timeouts != timeouts:
                for key, value in timeouts.settings().items():
                    update_record(self.machine, node, key, value)
                changed = True
        return changed

    # --- discovery and node records ---------------------------------------------------------

    def discover(self, portal: Portal, records: Records = "keep") -> tuple[DiscoveredTarget, ...]:
        """Ask a portal for its targets (SendTargets), in the portal's order.

        `records`: "keep" makes node records of what is new; "renew" makes all of them anew from
        iscsid.conf (iscsiadm's own default, which sets a record's startup back too); "none"
        leaves the host as it is. No targets for this initiator is an empty tuple. Raises
        PortalUnreachable, DiscoveryRefused.
        """
        operation = {"keep": ("-o", "new"), "renew": (), "none": ("-o", "nonpersistent")}[records]
        argv = ("iscsiadm", "-m", "discovery", "-t", "sendtargets", "-p", str(portal), *operation)
        result = self._iscsiadm(argv, DISCOVERY_LIMIT_SECONDS)
        if isinstance(result, Result):
            if result.ok:
                return parse_nodes(result.stdout, "a sendtargets discovery")
            if result.status == Status.NO_RECORDS:
                return ()
        raise discovery_error(self.host, str(portal), result)

    def nodes(self) -> tuple[Node, ...]:
        """The targets and portals that there are node records of."""
        return read_nodes(self.machine)

    def record_of(self, node: Node) -> NodeRecord:
        """The node's record with its secrets (which do not print). Raises UnknownNode."""
        return read_record(self.machine, node)

    def startup_of(self, node: Node) -> str:
        """What happens to the node at boot: manual, automatic or onboot. Raises UnknownNode."""
        return self.record_of(node).startup

    def set_startup(
        self, startup: Literal["automatic", "manual"], nodes: Collection[Node] | None = None
    ) -> tuple[Node, ...]:
        """Set what happens to the nodes (all, if none are given) at boot; return those changed."""
        wanted = self.nodes() if nodes is None else nodes
        changed = tuple(node for node in wanted if self.startup_of(node) != startup)
        for node in changed:
            update_record(self.machine, node, "node.startup", startup)
        return changed

    def forget(self, node: Node) -> bool:
        """Log out of the node and delete its record, whatever its tag; false if there is none."""
        self.logout(node.iqn, node.portal)
        return delete_record(self.machine, node)

    def forget_portal(self, portal: Portal) -> bool:
        """Delete what discoveries at a portal have left; false if there is nothing."""
        return delete_discoveries(self.machine, str(portal))

    # --- sessions ---------------------------------------------------------------------------

    def sessions(self) -> tuple[Session, ...]:
        """The sessions, by id. A host without any gives an empty tuple."""
        return read_sessions(self.machine)

    def credentials(self, session: Session) -> Credentials:
        """The name and CHAP settings that a session logged in with."""
        return read_credentials(self.machine, session)

    def login(self, iqn: str, portal: Portal, probe: bool = True) -> bool:
        """Log in to a target through a portal; false if it is logged in already.

        `probe` first asks the portal whether it answers, for iscsid goes on trying an unreachable
        one for two minutes, and nothing can stop it. Raises LoginRefused (ACL or CHAP),
        PortalUnreachable, UnknownNode, LoginFailed.
        """
        if probe and not self._logged_in(iqn, portal):
            self.discover(portal, records="none")
        argv = ("iscsiadm", "--mode", "node", "--targetname", iqn, "--portal", str(portal),
                "--login")  # fmt: skip
        result = self._iscsiadm(argv, LOGIN_LIMIT_SECONDS)
        if isinstance(result, Result):
            if result.ok:
                return True
            # iscsiadm says "exists" as well while an earlier login is still being tried.
            if result.status == Status.SESSION_EXISTS and self._logged_in(iqn, portal):
                return False
        raise login_error(self.host, Node(portal, -1, iqn), result)

    def login_all(self) -> tuple[Node, ...]:
        """Log in to every node that has a record; return those that were not logged in."""
        present = {(session.iqn, session.portal) for session in self.sessions()}
        missing = [node for node in self.nodes() if (node.iqn, node.portal) not in present]
        return tuple(node for node in missing if self.login(node.iqn, node.portal))

    def logout(self, iqn: str, portal: Portal) -> bool:
        """Log out of a target at a portal; false if it was not logged in."""
        argv = ("--mode", "node", "--targetname", iqn, "--portal", str(portal),
                "--logout")  # fmt: skip
        return end_sessions(self.machine, self.clock, *argv)

    def logout_all(self) -> bool:
        """End every session; false if there is none."""
        return end_sessions(self.machine, self.clock, "-m", "session", "--logout")

    # --- as every transport has it ----------------------------------------------------------

    def logins(self) -> tuple[Session, ...]:
        """The sessions."""
        return self.sessions()

    def portals(self, logins: Sequence[Login]) -> dict[int, Portal]:
        """The portal that each session's SCSI host came by."""
        return {one.scsi_host: one.portal for one in logins if isinstance(one, Session)}

    def rescan_disks(self) -> bool:
        """Scan every session through iscsiadm, which sees growth too; false if there is none."""
        argv = ("-m", "session", "--rescan")
        return run_iscsiadm(self.machine, *argv, accept=(Status.NO_RECORDS,)).ok

    # --- below ------------------------------------------------------------------------------

    def _read(self, path: str) -> str:
        return self.machine.read(path).decode("utf-8", "surrogateescape")

    def _conf(self) -> IscsidConf:
        return IscsidConf.read(self.machine.read(iscsid_conf.PATH))

    def _change_conf(self, change: Callable[[IscsidConf], IscsidConf]) -> bool:
        before = self._conf()
        after = change(before)
        if after == before:
            return False
        self.machine.write(iscsid_conf.PATH, after.data, iscsid_conf.SECRET_MODE)
        return True

    def _logged_in(self, iqn: str, portal: Portal) -> bool:
        return any((one.iqn, one.portal) == (iqn, portal) for one in self.sessions())

    def _iscsiadm(self, argv: tuple[str, ...], limit_seconds: float) -> Result | CommandTimeout:
        try:
            return self.machine.run(*argv, timeout=limit_seconds, check=False)
        except CommandTimeout as timeout:
            return timeout


def _with_settings(conf: IscsidConf, settings: dict[str, str]) -> IscsidConf:
    for key, value in settings.items():
        conf = conf.with_value(key, value)
    return conf
