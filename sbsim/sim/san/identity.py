"""How a LUN is known: SCSI's names for it, as the target and Linux derive them from its serial."""

from __future__ import annotations

NAA_TYPE = "3"
COMPANY = "6001405"  # NAA type 6, the IEEE company id of LIO's own
DIGITS = 32


def naa_of(serial: str, company: str = COMPANY) -> str:
    """The NAA designator, 32 hex digits: LIO takes the hex digits that the serial happens to have.

    Source: the kernel's spc_parse_naa_6h_vendor_specific; other characters are passed over.
    """
    digits = [one.lower() for one in serial if one.lower() in "0123456789abcdef"]
    return (company + "".join(digits))[:DIGITS].ljust(DIGITS, "0")


def wwid_of(serial: str) -> str:
    """The id by which udev and multipath know the LUN."""
    return NAA_TYPE + naa_of(serial)


def t10_of(vendor: str, product: str, serial: str) -> str:
    """The T10 vendor designator."""
    return f"{vendor:<8}{product:<16}{serial}"
