"""open-iscsi's own files on a machine: its name, its configuration, its node records."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from sbsim.sim.files import FileSystem
from sbsim.sim.releases import about, text
from sbsim.sim.san.array import Chap, Found
from sbsim.sim.san.nexus import Timers

NAME, CONF = "/etc/iscsi/initiatorname.iscsi", "/etc/iscsi/iscsid.conf"
NODES, DISCOVERIES = "/etc/iscsi/nodes", "/etc/iscsi/send_targets"
EMPTY = "<empty>"
DEFAULT = "default"


@dataclass(frozen=True)
class Record:
    """A node record: its place, and what it says by key, in the order in which it is written."""

    found: Found
    iface: str
    values: dict[str, str]

    @property
    def chap(self) -> Chap:
        """What a login by it says of itself."""

        def of(name: str) -> str | None:
            value = self.values.get(f"node.session.auth.{name}", EMPTY)
            return None if value == EMPTY else value

        if self.values.get("node.session.auth.authmethod") != "CHAP":
            return Chap()
        return Chap(of("username"), of("password"), of("username_in"), of("password_in"))

    @property
    def timers(self) -> Timers:
        """Those of a session by it."""

        def of(key: str, usual: str) -> float:
            return float(self.values.get(key, usual))

        pings = (f"node.conn[0].timeo.noop_out_{one}" for one in ("interval", "timeout"))
        return Timers(
            noop=sum(of(key, "5") for key in pings),
            recovery=of("node.session.timeo.replacement_timeout", "120"),
        )


class Records:
    """The files of one machine's initiator."""

    def __init__(self, files: FileSystem, release: str) -> None:
        self._files = files
        self._release = release

    @property
    def _begin(self) -> str:
        return f"# BEGIN RECORD {about(self._release).open_iscsi}"

    @property
    def name(self) -> str:
        """The name in the initiator's file; empty if there is none."""
        for line in self._files.read(NAME).decode().splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "InitiatorName":
                return value.strip()
        return ""

    def settings(self) -> dict[str, str]:
        """What iscsid.conf says, by key."""
        found = {}
        for line in self._files.read(CONF).decode().splitlines():
            plain = line.strip()
            key, equals, value = plain.partition("=")
            if equals and not plain.startswith("#"):
                found[key.strip()] = value.strip()
        return found

    # --- node records -------------------------------------------------------------------------

    def all(self) -> Iterator[Record]:
        """Every record, by target, portal and interface."""
        for iqn in sorted(self._files.listdir(NODES)):
            for place in sorted(self._files.listdir(f"{NODES}/{iqn}")):
                address, port, tag = place.rsplit(",", 2)
                found = Found(iqn, address, int(port), int(tag))
                for iface in sorted(self._files.listdir(f"{NODES}/{iqn}/{place}")):
                    yield Record(found, iface, self._read(f"{NODES}/{iqn}/{place}/{iface}"))

    def make(self, found: Found, portal: tuple[str, int] | None, iface: str = DEFAULT) -> Record:
        """Write a record as the configuration is now; `portal` is where it was discovered."""
        values: dict[str, str] = {}
        settings = self.settings()
        own = {
            "node.name": found.iqn,
            "node.tpgt": str(found.tag),
            "iface.iscsi_ifacename": iface,
            "node.discovery_address": portal[0] if portal else EMPTY,
            "node.discovery_port": str(portal[1]) if portal else "0",
            "node.discovery_type": "send_targets" if portal else "static",
            "node.conn[0].address": found.address,
            "node.conn[0].port": str(found.port),
        }
        for line in text(self._release, "node-record.txt").splitlines():
            key, _, value = line.partition(" = ")
            values[key.removesuffix(" =")] = own.get(key) or settings.get(key) or value or EMPTY
        record = Record(found, iface, {**values, **own})
        self.save(record)
        return record

    def save(self, record: Record) -> None:
        """Write a record."""
        path = self._path(record)
        self._files.make_folders(posixpath.dirname(path))
        lines = [f"{key} = {value}" for key, value in record.values.items() if value != EMPTY]
        data = "\n".join((self._begin, *lines, "# END RECORD", ""))
        self._files.write(path, data.encode(), 0o600)

    def delete(self, record: Record) -> None:
        """Remove a record, and the folders that are empty then."""
        path = self._path(record)
        self._files.unlink(path)
        for folder in (posixpath.dirname(path), posixpath.dirname(posixpath.dirname(path))):
            if not self._files.listdir(folder):
                self._files.rmdir(folder)

    def note_discovery(self, address: str, port: int) -> None:
        """Note that a portal was asked."""
        folder = f"{DISCOVERIES}/{address},{port}"
        self._files.make_folders(folder)
        self._files.write(f"{folder}/st_config", f"{self._begin}\n# END RECORD\n".encode(), 0o600)

    def forget_discovery(self, address: str, port: int) -> bool:
        """Forget that a portal was asked, and the records that came of it; whether it was."""
        folder = f"{DISCOVERIES}/{address},{port}"
        if not self._files.is_dir(folder):
            return False
        self._files.unlink(f"{folder}/st_config")
        self._files.rmdir(folder)
        for one in list(self.all()):
            place = [one.values.get(f"node.discovery_{key}") for key in ("address", "port")]
            if place == [address, str(port)]:
                self.delete(one)
        return True

    def _path(self, record: Record) -> str:
        found = record.found
        return f"{NODES}/{found.iqn}/{found.address},{found.port},{found.tag}/{record.iface}"

    def _read(self, path: str) -> dict[str, str]:
        lines = self._files.read(path).decode().splitlines()
        pairs = (line.partition(" = ") for line in lines if not line.startswith("#"))
        return {key: value for key, _, value in pairs if key}
