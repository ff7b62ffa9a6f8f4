"""LUNs: the disks that a target shows."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from sbsim.deployment.inquiry import Inquiry
from sbsim.deployment.model import Model, Parsed
from sbsim.deployment.number import LunNumber
from sbsim.deployment.size import LunSize
from sbsim.deployment.text import words
from sbsim.deployment.unfit import Unfit

# The guide's own names: its array keeps its LUNs in a volume group called volume-1.
DEVICES = "/dev/volume-1"
FILES = "/var/lib/sbsim"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# INQUIRY_VPD_SERIAL_LEN of the kernel is 254, its closing NUL included.
_SERIAL = re.compile(r"[!-~]{1,253}")


def lun_name(value: object) -> str:
    """Read a LUN's name; it becomes the name of a backstore, so of a folder in configfs."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    expected = "a name of 1 to 128 letters, digits, dots, dashes and underscores"
    raise Unfit(expected, "write for example 'zstack-sto-1'")


def serial(value: object) -> str:
    """Read a LUN's SCSI serial: printable ASCII."""
    if isinstance(value, str) and _SERIAL.fullmatch(value):
        return value
    expected = "a serial of 1 to 253 printable ASCII characters without blanks"
    raise Unfit(expected, "write for example 'LzedfI-cZI0-qKej'")


LunName = Annotated[str, Parsed(lun_name, {"type": "string", "pattern": f"^{_NAME.pattern}$"})]
Serial = Annotated[str, Parsed(serial, {"type": "string", "pattern": f"^{_SERIAL.pattern}$"})]
Cache = Annotated[Literal["write-through", "write-back"], words("write-through", "write-back")]
Backing = Annotated[Literal["block", "file"], words("block", "file")]


class Lun(Model):
    """One disk of a target."""

    lun: LunNumber = Field(description="the LUN's number in its target", examples=[0])
    name: LunName = Field(description="the LUN's name on the array", examples=["zstack-sto-1"])
    size: LunSize = Field(description="the size in bytes", examples=["20 GiB"])
    serial: Serial = Field(
        description="the SCSI serial, which no other LUN has", examples=["LzedfI-cZI0-qKej"]
    )
    cache: Cache = Field(
        default="write-through",
        description="whether a write is on the disk when it is acknowledged (write-through)",
    )
    backing: Backing = Field(
        default="block", description="what the LUN is kept on: a block device or a file"
    )
    _inquiry: Inquiry = PrivateAttr(default_factory=Inquiry)

    @property
    def device(self) -> str:
        """The device or file on the storage server that the LUN is kept on."""
        return f"{DEVICES}/{self.name}" if self.backing == "block" else f"{FILES}/{self.name}.img"

    @property
    def inquiry(self) -> Inquiry:
        """What its array says of itself."""
        return self._inquiry

    def shown_with(self, inquiry: Inquiry) -> Lun:
        """The LUN on an array that says this of itself."""
        shown = self.model_copy()
        shown._inquiry = inquiry
        return shown

    @property
    def model(self) -> str:
        """The model as which every host sees the LUN."""
        return self.inquiry.model_of(self.name)

    @property
    def wwid(self) -> str:
        """The WWID by which every host knows the LUN."""
        return self.inquiry.wwid_of(self.serial)

    @property
    def wwn(self) -> str:
        """Its world-wide name in hex digits; empty where it has none, but a T10 id."""
        return self.wwid[1:] if self.inquiry.designator == "naa" else ""
