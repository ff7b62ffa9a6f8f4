"""How a LUN is known: what its array says of itself, and SCSI's names for the LUN.

An array is LIO and says what LIO says; or it stands for another one, whose words the description
has.
"""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.deployment import Inquiry
from sbsim.sim.lio.backstores import Attributes, Device, Identity

# SCSI's numbers for the types of designators.
T10_TYPE, NAA_TYPE = "1", "3"
COMPANY = "6001405"  # NAA type 6, the IEEE company id of LIO's own
DIGITS = 32
# The kernel copies a name into the model's 16 bytes with a zero behind it.
MODEL_BYTES = 15
VENDOR, PRODUCT, REVISION = "vendor_id", "product_id", "revision"


@dataclass(frozen=True)
class Designator:
    """A designator of VPD page 0x83: its type's number, and its bytes in hex."""

    type: str
    digits: str

    @property
    def wwid(self) -> str:
        """The id by which udev and multipath know the LUN."""
        return self.type + self.digits

    @property
    def wwn(self) -> str | None:
        """The world-wide name that udev notes: an NAA designator is one."""
        return f"0x{self.digits}" if self.type == NAA_TYPE else None

    @property
    def page(self) -> bytes:
        """VPD page 0x83 with it alone (LIO has other names behind it): code set binary."""
        value = bytes.fromhex(self.digits)
        entry = bytes((1, int(self.type), 0, len(value))) + value
        return bytes((0, 0x83)) + len(entry).to_bytes(2, "big") + entry

    @property
    def shown(self) -> str:
        """As the kernel shows it in sysfs (scsi_vpd_lun_id)."""
        if self.type == NAA_TYPE:
            return f"naa.{self.digits}"
        return f"t10.{bytes.fromhex(self.digits).decode('ascii')}"


@dataclass(frozen=True)
class Told:
    """What a LUN says of itself."""

    vendor: str
    model: str
    revision: str
    serial: str
    designator: Designator


def told_by_lio(device: Device) -> Told:
    """What LIO says of a device: what its configfs has."""
    identity = device.part("wwn", Identity)
    model = identity.value(PRODUCT).strip()
    if device.part("attrib", Attributes).value("emulate_model_alias").strip() == "1":
        model = device.name[:MODEL_BYTES]
    vendor, revision = (identity.value(name).strip() for name in (VENDOR, REVISION))
    return Told(vendor, model, revision, identity.serial, naa_of(identity.serial))


def told_by_other(inquiry: Inquiry, device: Device) -> Told:
    """What another array than LIO would say of a device."""
    serial = device.part("wwn", Identity).serial
    t10 = inquiry.designator == "t10"
    designator = t10_of(inquiry.vendor, serial) if t10 else naa_of(serial)
    model = inquiry.product or device.name[: MODEL_BYTES + 1]
    return Told(inquiry.vendor, model, inquiry.revision, serial, designator)


def naa_of(serial: str, company: str = COMPANY) -> Designator:
    """The NAA designator, 32 hex digits: LIO takes the hex digits that the serial happens to have.

    Source: the kernel's spc_parse_naa_6h_vendor_specific; other characters are passed over.
    """
    digits = [one.lower() for one in serial if one.lower() in "0123456789abcdef"]
    return Designator(NAA_TYPE, (company + "".join(digits))[:DIGITS].ljust(DIGITS, "0"))


def t10_of(vendor: str, serial: str) -> Designator:
    """The T10 vendor designator: eight bytes of vendor, then the LUN's own id, its serial.

    Source: iSCSI Enterprise Target (Openfiler's), kernel/target_disk.c, build_inquiry_response.
    """
    return Designator(T10_TYPE, (vendor.encode("ascii").ljust(8) + serial.encode("ascii")).hex())
