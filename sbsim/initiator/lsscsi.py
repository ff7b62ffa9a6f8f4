"""`lsscsi` in the three forms that the guide uses: plain, `-st` and `-i`.

    [6:0:0:0]    disk    LIO-ORG  zstack-sto-1     4.0   /dev/sda
    [6:0:0:0]    disk    iqn.2015-05.org.zstack:tsn.200001,t,0x1  /dev/sda   20.9GB
    [6:0:0:0]    disk    fcoe:0x200052545bfc0201,0x000201  /dev/sda   20.9GB
    [6:0:0:0]    disk    LIO-ORG  zstack-sto-1     4.0   /dev/sda   36001405edc0...

Columns are as wide as SCSI's INQUIRY fields: vendor 8, model up to 16, revision 4. A device that
has no driver yet shows `-` as its node, one that udev has not seen yet `-` as its id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sbsim.deployment.wwpn import wwpn_of
from sbsim.initiator import hctl
from sbsim.initiator.hctl import Hctl, hctl_of
from sbsim.initiator.reading import numbered_lines, unreadable

# lsscsi's names of SCSI's peripheral device types; some hold a blank.
KINDS = (
    "disk", "tape", "printer", "process", "worm", "cd/dvd", "scanner", "optical", "mediumx",
    "comms", "(0xa)", "(0xb)", "storage", "enclosu", "sim dsk", "opti rd", "bridge", "osd",
    "adi", "sec man", "zbc", "(0x15)", "(0x16)", "(0x17)", "(0x18)", "(0x19)", "(0x1a)",
    "(0x1b)", "(0x1c)", "(0x1d)", "wlun", "no dev", "type?",
)  # fmt: skip
_START = rf"\[{hctl.PATTERN}\] *(?P<kind>{'|'.join(map(re.escape, KINDS))}) +"
_INQUIRY = r"(?P<vendor>[^\n]{8}) (?P<model>[^\n]{0,16}) (?P<revision>[^\n]{4}) +"
_NODE = r"(?P<node>/dev/\S+|-)"

_PLAIN = re.compile(rf"{_START}{_INQUIRY}{_NODE} *")
_IDS = re.compile(rf"{_START}{_INQUIRY}{_NODE} +(?P<id>\S+) *")
_TRANSPORT = re.compile(
    rf"{_START}(?:(?P<transport>\S(?:[^\n]*\S)?) +)?{_NODE} +(?P<size>[0-9.]+[kKMGTPE]?i?B|-) *"
)
# `fc:` for host adapters, `fcoe:` for ports over Ethernet; the second number is the port's address.
_FC = re.compile(r"fc(?:oe)?:(?P<wwpn>0x[0-9a-f]{16}),0x[0-9a-f]{1,6}")
_ISCSI = re.compile(r"(?P<iqn>[^,\s]+),t,0x(?P<tag>[0-9a-fA-F]{1,4})")


@dataclass(frozen=True)
class ScsiLine:
    """A device as `lsscsi` shows it. `node` is its /dev path, None while it has none."""

    hctl: Hctl
    kind: str
    vendor: str
    model: str
    revision: str
    node: str | None


@dataclass(frozen=True)
class IdLine:
    """A device as `lsscsi -i` shows it. `wwid` is udev's SCSI id, None while it has none."""

    device: ScsiLine
    wwid: str | None


@dataclass(frozen=True)
class TransportLine:
    """A device as `lsscsi -st` shows it. `size` is as printed ("20.9GB"), None if unknown."""

    hctl: Hctl
    kind: str
    transport: str
    node: str | None
    size: str | None

    @property
    def iqn(self) -> str | None:
        """The target's name, None if the device is not on iSCSI."""
        match = _ISCSI.fullmatch(self.transport)
        return match["iqn"] if match else None

    @property
    def tag(self) -> int | None:
        """The portal-group tag, None if the device is not on iSCSI."""
        match = _ISCSI.fullmatch(self.transport)
        return int(match["tag"], 16) if match else None

    @property
    def wwpn(self) -> str | None:
        """The target port's WWPN, None if the device is not on Fibre Channel."""
        match = _FC.fullmatch(self.transport)
        return wwpn_of(match["wwpn"]) if match else None


def parse_lsscsi(text: str) -> tuple[ScsiLine, ...]:
    """Read the output of `lsscsi`."""
    return tuple(
        _device(_match(_PLAIN, "lsscsi", number, line)) for number, line in numbered_lines(text)
    )


def parse_lsscsi_ids(text: str) -> tuple[IdLine, ...]:
    """Read the output of `lsscsi -i`."""
    matches = (_match(_IDS, "lsscsi -i", number, line) for number, line in numbered_lines(text))
    return tuple(IdLine(_device(match), _dash(match["id"])) for match in matches)


def parse_lsscsi_transports(text: str) -> tuple[TransportLine, ...]:
    """Read the output of `lsscsi -st`, or of `lsscsi -t -s`."""
    matches = (
        _match(_TRANSPORT, "lsscsi -st", number, line) for number, line in numbered_lines(text)
    )
    return tuple(
        TransportLine(
            hctl=hctl_of(match),
            kind=match["kind"],
            transport=match["transport"] or "",
            node=_dash(match["node"]),
            size=_dash(match["size"]),
        )
        for match in matches
    )


def _match(pattern: re.Pattern[str], tool: str, number: int, line: str) -> re.Match[str]:
    match = pattern.fullmatch(line)
    if match is None:
        raise unreadable(tool, number, line, "[H:C:T:L], a type, the device's columns and its node")
    return match


def _device(match: re.Match[str]) -> ScsiLine:
    return ScsiLine(
        hctl=hctl_of(match),
        kind=match["kind"],
        vendor=match["vendor"].strip(),
        model=match["model"].strip(),
        revision=match["revision"].strip(),
        node=_dash(match["node"]),
    )


def _dash(text: str) -> str | None:
    return None if text == "-" else text
