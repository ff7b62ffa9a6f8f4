"""What an array says of itself in SCSI's INQUIRY data, and the WWID that comes of it.

An id is what udev's scsi_id makes of VPD page 0x83: the number of a designator's type, then its
bytes in hex. LIO's designators are NAA (3); of arrays that have a T10 vendor designator (1) alone,
such as Openfiler's, it is the vendor and the LUN's serial.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from sbsim.deployment.model import Model, Parsed
from sbsim.deployment.text import words
from sbsim.deployment.unfit import Unfit
from sbsim.deployment.wwid import wwid_of

# The widths of the fields in standard INQUIRY data (SPC-4, 6.4.2).
VENDOR_LENGTH, PRODUCT_LENGTH, REVISION_LENGTH = 8, 16, 4
T10 = "1"
DESIGNATORS = ("naa", "t10")


def _field(what: str, length: int, example: str) -> Parsed:
    """Return the annotation of a field of INQUIRY data."""
    pattern = re.compile(rf"[!-~](?:[ -~]{{0,{length - 2}}}[!-~])?")
    expected = f"{what} of 1 to {length} printable ASCII characters without blanks at its ends"

    def parse(value: object) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise Unfit(expected, f"write for example '{example}'")

    return Parsed(parse, {"type": "string", "pattern": f"^{pattern.pattern}$"})


Vendor = Annotated[str, _field("a vendor", VENDOR_LENGTH, "OPNFILER")]
Product = Annotated[str, _field("a product", PRODUCT_LENGTH, "VIRTUAL-DISK")]
Revision = Annotated[str, _field("a revision", REVISION_LENGTH, "0")]
Designator = Annotated[Literal["naa", "t10"], words(*DESIGNATORS)]


class Inquiry(Model):
    """What an array says of itself; the defaults are what LIO says.

    Example: `Inquiry(vendor="OPNFILER", designator="t10").wwid_of("RM9KjF-RinH-GwVN")`
    """

    vendor: Vendor = Field(default="LIO-ORG", description="the vendor", examples=["OPNFILER"])
    product: Product | None = Field(
        default=None,
        description="the product; left out, it is the LUN's name",
        examples=["VIRTUAL-DISK"],
    )
    revision: Revision = Field(default="4.0", description="the product's revision", examples=["0"])
    designator: Designator = Field(
        default="naa",
        description="what a LUN's WWID is made of: the hex digits of its serial behind LIO's own "
        "company id (naa), or the vendor and the whole serial (t10)",
    )

    def model_of(self, name: str) -> str:
        """The model that hosts see of a LUN of this name."""
        return self.product or name[:PRODUCT_LENGTH]

    def wwid_of(self, serial: str) -> str:
        """The WWID of a LUN with this serial, as `lsscsi -i` and multipath show it."""
        if self.designator == "naa":
            return wwid_of(serial)
        return T10 + f"{self.vendor:<{VENDOR_LENGTH}}{serial}".encode("ascii").hex()
