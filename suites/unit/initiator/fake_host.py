"""A host with open-iscsi in memory: enough of it to see what an Initiator asks for and leaves.

It answers with open-iscsi 2.1.8's own exit statuses and texts (compared with a real host's), and
counts every command. The array is a set of targets at portals with one ACL and one CHAP account.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from sbsim.errors import CommandFailed, CommandTimeout
from sbsim.machines import Process, Result

NAME_FILE = "/etc/iscsi/initiatorname.iscsi"
CONF_FILE = "/etc/iscsi/iscsid.conf"
NAME_TEXT = (
    "## DO NOT EDIT OR REMOVE THIS FILE!\nInitiatorName=iqn.1993-08.org.debian:01:154d4d709758\n"
)
CONF_TEXT = (
    "# To enable CHAP\n#node.session.auth.authmethod = CHAP\n"
    "#node.session.auth.username = username\n#node.session.auth.password = password\n"
    "node.startup = manual\nnode.session.timeo.replacement_timeout = 120\n"
)
BACKUP = "/var/lib/sbsim/backup/initiator"


@dataclass
class FakeArray:
    """`shown` lists (portal, tag, iqn) in the order of discovery."""

    shown: list[tuple[str, int, str]]
    allowed: set[str]
    account: tuple[str, str] | None = None
    dead_portals: set[str] = field(default_factory=set)


@dataclass
class FakeSession:
    portal: str
    tag: int
    iqn: str
    initiator: str
    account: tuple[str, str] | None
    state: str = "LOGGED_IN"
    connection: str = "up"


class FakeHost:
    """The machine's door."""

    name = "host1"
    boot_id = "b"

    def __init__(self, array: FakeArray) -> None:
        self.array = array
        self.files = {NAME_FILE: NAME_TEXT, CONF_FILE: CONF_TEXT}
        self.modes = {NAME_FILE: 0o600, CONF_FILE: 0o644}
        self.sessions: dict[int, FakeSession] = {}
        self.daemon_name = ""  # as iscsid read it when it started; empty: it does not run
        self.commands: list[tuple[str, ...]] = []
        self.answers: dict[tuple[str, ...], list[Result]] = {}
        self._next_id = 1

    # --- the door ---------------------------------------------------------------------------

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = 60.0,
        check: bool = True,
    ) -> Result:
        self.commands.append(argv)
        if prepared := self.answers.get(argv):
            answer = prepared[0] if len(prepared) == 1 else prepared.pop(0)
            status, out, err = answer.status, answer.stdout, answer.stderr
        else:
            status, out, err = self._answer(argv, timeout)
        if status and check:
            raise CommandFailed(self.name, argv, status, out, err)
        return Result(argv, status, out, err, 0.1)

    def start(self, *argv: str) -> Process:
        raise AssertionError("nothing runs on")

    def read(self, path: str) -> bytes:
        for sid, session in self.sessions.items():
            if path == f"/sys/class/iscsi_connection/connection{sid}:0/state":
                return f"{session.connection}\n".encode()
            if path.startswith(f"/sys/class/iscsi_session/session{sid}/"):
                return f"{self._attribute(session, path.rpartition('/')[2])}\n".encode()
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path].encode("utf-8", "surrogateescape")

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        self.files[path] = data.decode("utf-8", "surrogateescape")
        self.modes[path] = mode

    def ran(self, *words: str) -> list[tuple[str, ...]]:
        """The commands so far that hold all these words."""
        return [argv for argv in self.commands if set(words) <= set(argv)]

    # --- tools ------------------------------------------------------------------------------

    def _answer(self, argv: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        tool, words = argv[0], argv[1:]
        if tool == "iscsiadm":
            return self._iscsiadm(words, timeout)
        if tool == "systemctl":
            return (0 if self.daemon_name else 3), "", ""
        if tool == "readlink":
            ids = [int(re.findall("[0-9]+$", word)[0]) for word in words]
            links = (f"../../host{id + 5}/session{id}/iscsi_session/session{id}\n" for id in ids)
            return 0, "".join(links), ""
        if tool in ("cp", "mv", "rm"):
            self._file_tool(tool, words)
        elif tool not in ("mkdir", "udevadm", "lsscsi", "tee", "fdisk", "lsblk"):
            raise AssertionError(f"an unknown command: {argv}")
        return 0, "", ""

    def _file_tool(self, tool: str, words: tuple[str, ...]) -> None:
        paths = [word for word in words if word.startswith("/")]
        if tool == "rm":
            for path in [path for path in self.files if path.startswith(f"{paths[0]}/")]:
                del self.files[path]
        elif tool == "cp":
            for path in paths[1:]:
                copy = f"{paths[0]}/{path.rpartition('/')[2]}"
                self.files[copy], self.modes[copy] = self.files[path], self.modes[path]
        else:
            for path in [path for path in self.files if path.startswith(f"{paths[0]}/")]:
                moved = path.replace(paths[0], paths[1])
                self.files[moved], self.modes[moved] = self.files.pop(path), self.modes[path]

    def _iscsiadm(self, words: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        if words == ("-k", "0"):
            self.daemon_name = ""
            return 0, "", ""
        options = dict(itertools.pairwise(words))
        mode = options.get("-m") or options["--mode"]
        if not self.daemon_name:
            self.daemon_name = self.files[NAME_FILE].rpartition("InitiatorName=")[2].strip()
        if mode == "discovery":
            return self._discover(options["-p"], options.get("-o"), timeout)
        if mode == "discoverydb":
            for path in self._records().values():
                del self.files[path]
            return 0, "", ""
        if mode == "session":
            return self._session(words)
        return self._node(words, options)

    def _discover(self, portal: str, operation: str | None, timeout: float) -> tuple[int, str, str]:
        if portal in self.array.dead_portals:
            if timeout < 100:
                raise CommandTimeout(self.name, ("iscsiadm",), timeout)
            return 11, "", "iscsiadm: cannot make connection\n"
        if self.daemon_name not in self.array.allowed:
            return 21, "", "iscsiadm: No portals found\n"
        for shown, tag, iqn in self.array.shown:
            path = _record_path(shown, tag, iqn)
            if operation is None or (operation == "new" and path not in self.files):
                self.files[path] = self._new_record(shown, tag, iqn)
        return 0, "".join(f"{p},{t} {i}\n" for p, t, i in self.array.shown), ""

    def _new_record(self, portal: str, tag: int, iqn: str) -> str:
        auth = [
            line
            for line in self.files[CONF_FILE].splitlines()
            if line.startswith(("node.session.auth.", "node.session.timeo", "node.startup"))
        ]
        lines = [f"node.name = {iqn}", f"node.tpgt = {tag}", *auth]
        return "\n".join(["# BEGIN RECORD 2.1.8", *lines, "# END RECORD", ""])

    def _records(self) -> dict[tuple[str, int, str], str]:
        found: dict[tuple[str, int, str], str] = {}
        for path in self.files:
            match = re.fullmatch(r"/etc/iscsi/nodes/([^/]+)/([^/]+),(\d+),(\d+)/default", path)
            if match:
                found[f"{match[2]}:{match[3]}", int(match[4]), match[1]] = path
        return found

    def _session(self, words: tuple[str, ...]) -> tuple[int, str, str]:
        if not self.sessions:
            return 21, "", "iscsiadm: No active sessions.\n"
        if "--logout" in words:
            self.sessions.clear()
        lines = (
            f"tcp: [{sid}] {one.portal},{one.tag} {one.iqn} (non-flash)\n"
            for sid, one in self.sessions.items()
        )
        return 0, "".join(lines), ""

    def _node(self, words: tuple[str, ...], options: dict[str, str]) -> tuple[int, str, str]:
        iqn = options.get("-T") or options.get("--targetname")
        portal = options.get("-p") or options.get("--portal")
        if iqn is None or portal is None:
            nodes = sorted(self._records(), key=lambda node: node[2])
            text = "".join(f"{p},{t} {i}\n" for p, t, i in nodes)
            return (0, text, "") if nodes else (21, "", "iscsiadm: No records found\n")
        place = portal.partition(",")[0]  # the tag counts for nothing
        records = {
            node: path
            for node, path in self._records().items()
            if (node[0], node[2]) == (place, iqn)
        }
        sids = [s for s, one in self.sessions.items() if (one.portal, one.iqn) == (place, iqn)]
        if "--logout" in words:
            for sid in sids:
                del self.sessions[sid]
            return (0, "", "") if sids else (21, "", "iscsiadm: No matching sessions found\n")
        if not records:
            return 21, "", "iscsiadm: No records found\n"
        if "--login" in words:
            return self._login(next(iter(records.items())), bool(sids))
        for path in records.values():
            if options["-o"] == "delete":
                del self.files[path]
            else:
                kept = [
                    ln for ln in self.files[path].split("\n") if not ln.startswith(options["-n"])
                ]
                self.files[path] = "\n".join(
                    [kept[0], f"{options['-n']} = {options['-v']}", *kept[1:]]
                )
        return 0, "", ""

    def _login(
        self, record: tuple[tuple[str, int, str], str], present: bool
    ) -> tuple[int, str, str]:
        (portal, tag, iqn), path = record
        if present:
            return 15, "", "iscsiadm: default: 1 session requested, but 1 already present.\n"
        values = dict(re.findall(r"(?m)^node\.session\.auth\.(\w+) = (.*)$", self.files[path]))
        chap = values.get("authmethod") == "CHAP"
        account = (values["username"], values["password"]) if chap else None
        if self.daemon_name not in self.array.allowed or account != self.array.account:
            error = (
                "initiator reported error (24 - iSCSI login failed due to authorization failure)"
            )
            return 24, "", f"iscsiadm: Could not login to [{iqn}].\niscsiadm: {error}\n"
        self.sessions[self._next_id] = FakeSession(portal, tag, iqn, self.daemon_name, account)
        self._next_id += 1
        return 0, "", ""

    @staticmethod
    def _attribute(session: FakeSession, name: str) -> str:
        user, password = session.account or ("(null)", "(null)")
        values = {"state": session.state, "initiatorname": session.initiator, "username": user,
                  "password": password}  # fmt: skip
        return values.get(name, "(null)")


def _record_path(portal: str, tag: int, iqn: str) -> str:
    address, _, port = portal.rpartition(":")
    return f"/etc/iscsi/nodes/{iqn}/{address.strip('[]')},{port},{tag}/default"
