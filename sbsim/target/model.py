"""The array: targets with portal groups, LUNs and the initiators that may log in.

The same objects describe what is wanted and, after reading, what is there. They travel as JSON::

    {"targets": [{"iqn": "iqn.2015-05.org.zstack:tsn.200001",
      "groups": [{"tag": 1, "portals": [{"address": "172.20.12.221", "port": 3260}]}],
      "luns": [{"lun": 0, "name": "zstack-sto-1", "size": 20971520000, "serial": "LzedfI-cZI0-qKej",
                "backing": "block", "path": "/dev/volume-1/zstack-sto-1", "write_back": false}],
      "initiators": [{"name": "iqn.2016-05.org.zstack:ocfs2-host1",
                      "user": "zstack", "password": "…", "mutual_user": null,
                      "mutual_password": null}]}]}

Sizes are bytes. Every portal group of a target shows the same LUNs to the same initiators.

A target over Fibre Channel has `"fabric": "fc"`. It is one port of the array: its `iqn` is `naa.`
and the port's WWPN, as are its initiators' names; it has one group, with the tag 1 and without
portals, and no credentials. Several of them may show the same LUN.
"""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sbsim.target.failure import TargetFailure
from sbsim.target.fields import Fields, flag, many, number, secret, text, word

MASK = "***"
BACKINGS = ("block", "file")
ISCSI, FC = "iscsi", "fc"
FABRICS = (ISCSI, FC)
# The kernel keeps a CHAP name or secret in 256 bytes, its closing NUL included.
LONGEST_CREDENTIAL = 255
# INQUIRY_VPD_SERIAL_LEN of the kernel, its closing NUL included, is 254.
LONGEST_SERIAL = 253


@dataclass(frozen=True, order=True)
class Portal:
    """Where a portal group listens; the address is IPv4 or IPv6, without brackets."""

    address: str
    port: int = 3260

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Portal:
        """Read it from JSON. Raises TargetFailure, which names the field."""
        fields = Fields(value, where)
        portal = cls(fields.take("address", _address), fields.take("port", number(1, 65535), 3260))
        fields.end()
        return portal


@dataclass(frozen=True)
class Group:
    """A portal group: one controller of the array."""

    tag: int
    portals: tuple[Portal, ...]

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Group:
        """Read it from JSON. Raises TargetFailure, which names the field."""
        fields = Fields(value, where)
        tag = fields.take("tag", number(0, 65535))
        group = cls(tag, fields.take("portals", many(Portal.from_json)))
        fields.end()
        return group


@dataclass(frozen=True)
class Lun:
    """A LUN and what it is kept on: `path` is a block device, or a file that is made sparse."""

    lun: int
    name: str
    size: int
    serial: str
    backing: str
    path: str
    write_back: bool = False

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Lun:
        """Read it from JSON. Raises TargetFailure, which names the field."""
        fields = Fields(value, where)
        lun = cls(
            lun=fields.take("lun", number(0, 65535)),
            name=fields.take("name", _name),
            size=fields.take("size", _size),
            serial=fields.take("serial", _serial),
            backing=fields.take("backing", _backing),
            path=fields.take("path", _path),
            write_back=fields.take("write_back", flag, False),
        )
        fields.end()
        return lun


@dataclass(frozen=True)
class Chap:
    """CHAP credentials: the initiator's, and with mutual CHAP the target's own. None: unset."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    mutual_user: str | None = None
    mutual_password: str | None = field(default=None, repr=False)

    def masked(self) -> Chap:
        """Return it with `***` in the place of each password."""
        return Chap(
            self.user,
            self.password and MASK,
            self.mutual_user,
            self.mutual_password and MASK,
        )


@dataclass(frozen=True)
class Initiator:
    """An initiator that may log in, and how it proves itself."""

    name: str
    chap: Chap = Chap()

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Initiator:
        """Read it from JSON. Raises TargetFailure, which names the field."""
        fields = Fields(value, where)
        name = fields.take("name", word)
        chap = Chap(
            user=fields.take("user", _credential, None),
            password=fields.take("password", _credential, None),
            mutual_user=fields.take("mutual_user", _credential, None),
            mutual_password=fields.take("mutual_password", _credential, None),
        )
        fields.end()
        return cls(name, chap)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, the credentials beside the name."""
        return {"name": self.name, **asdict(self.chap)}


@dataclass(frozen=True)
class Target:
    """A target; `iqn` is its name, over Fibre Channel `naa.` and the port's WWPN."""

    iqn: str
    groups: tuple[Group, ...]
    luns: tuple[Lun, ...] = ()
    initiators: tuple[Initiator, ...] = ()
    fabric: str = ISCSI

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Target:
        """Read it from JSON. Raises TargetFailure, which names the field."""
        fields = Fields(value, where)
        target = cls(
            iqn=fields.take("iqn", word),
            groups=fields.take("groups", many(Group.from_json)),
            luns=fields.take("luns", many(Lun.from_json), ()),
            initiators=fields.take("initiators", many(Initiator.from_json), ()),
            fabric=fields.take("fabric", _fabric, ISCSI),
        )
        fields.end()
        return target

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, secrets included."""
        return {
            "iqn": self.iqn,
            "groups": [asdict(group) for group in self.groups],
            "luns": [asdict(lun) for lun in self.luns],
            "initiators": [initiator.to_json() for initiator in self.initiators],
            "fabric": self.fabric,
        }


@dataclass(frozen=True)
class Array:
    """All targets of one storage server.

    Example: `Array.from_json(json.loads(text)).targets[0].luns[0].size`
    """

    targets: tuple[Target, ...] = ()

    @property
    def luns(self) -> tuple[Lun, ...]:
        """Every LUN of every target, once however many of them show it."""
        return tuple(dict.fromkeys(lun for target in self.targets for lun in target.luns))

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Array:
        """Read it from JSON. Raises TargetFailure, which names the field."""
        fields = Fields(value, where)
        array = cls(fields.take("targets", many(Target.from_json)))
        fields.end()
        return array

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, secrets included: for stdin or a 0600 file only."""
        return {"targets": [target.to_json() for target in self.targets]}

    def masked(self) -> Array:
        """Return it with `***` in the place of every password."""
        return Array(
            tuple(
                replace(
                    target,
                    initiators=tuple(
                        Initiator(one.name, one.chap.masked()) for one in target.initiators
                    ),
                )
                for target in self.targets
            )
        )


def _address(value: object, where: str) -> str:
    try:
        return ipaddress.ip_address(text(value, where)).compressed
    except ValueError:
        raise TargetFailure(
            f"{where}: expected an IPv4 or IPv6 address without brackets, found {value!r}"
        ) from None


def _size(value: object, where: str) -> int:
    size = number(512, 2**63 - 512)(value, where)
    if size % 512:
        raise TargetFailure(f"{where}: expected a multiple of 512 bytes, found {size}")
    return size


def _name(value: object, where: str) -> str:
    name = word(value, where)
    # A folder in configfs, whose names are cut nowhere but at 255 bytes by the VFS.
    if "/" in name or name in (".", "..") or len(name.encode()) > 200:
        raise TargetFailure(f"{where}: expected a name without slashes, found {name[:80]!r}")
    return name


def _serial(value: object, where: str) -> str:
    serial = word(value, where)
    if len(serial.encode()) > LONGEST_SERIAL:
        raise TargetFailure(f"{where}: expected at most {LONGEST_SERIAL} bytes; shorten it")
    return serial


def _backing(value: object, where: str) -> str:
    if value in BACKINGS:
        return str(value)
    raise TargetFailure(f"{where}: expected one of {', '.join(BACKINGS)}, found {value!r}")


def _fabric(value: object, where: str) -> str:
    if value in FABRICS:
        return str(value)
    raise TargetFailure(f"{where}: expected one of {', '.join(FABRICS)}, found {value!r}")


def _path(value: object, where: str) -> str:
    path = word(value, where)
    # A comma ends the value in the kernel's own command for a backstore.
    if path.startswith("/") and "," not in path:
        return path
    raise TargetFailure(f"{where}: expected an absolute path without commas, found {path[:80]!r}")


def _credential(value: object, where: str) -> str | None:
    """Read a CHAP name or secret as LIO can keep it; a fault does not show it."""
    given = secret(value, where)
    if given is None:
        return None
    if len(given.encode("utf-8", "surrogatepass")) > LONGEST_CREDENTIAL:
        raise TargetFailure(f"{where}: expected at most {LONGEST_CREDENTIAL} bytes; shorten it")
    if not given.isprintable() or given != given.strip():
        raise TargetFailure(f"{where}: expected one printable line without blanks at its ends")
    if given.startswith("NULL"):
        # The kernel compares four bytes only (iscsi_target_nego's auth attributes).
        raise TargetFailure(f"{where}: LIO takes what begins with NULL for unset; choose another")
    return given
