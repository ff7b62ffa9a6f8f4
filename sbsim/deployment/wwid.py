"""The WWID that LIO derives from a LUN's serial."""

from __future__ import annotations

# scsi_id's mark of an NAA designator, then NAA type 6 and the IEEE company id of the Linux target.
PREFIX = "36001405"
# 128 bits are 32 hex digits; type and company id take 7.
DIGITS = 25
_HEX = frozenset("0123456789abcdefABCDEF")


def hex_digits(serial: str) -> str:
    """Return the hex digits of a serial, lower case: all that its WWID can tell apart."""
    return "".join(character for character in serial if character in _HEX).lower()


def wwid_of(serial: str) -> str:
    """Return the WWID of a LUN with this serial, as `lsscsi -i` and multipath show it.

    The kernel (drivers/target/target_core_spc.c, spc_gen_naa_6h_vendor_specific) skips every
    character of the unit serial that is no hex digit, stops at 25 and leaves the rest 0. Two
    serials may so give one WWID, and multipath would merge the two LUNs.
    """
    return PREFIX + hex_digits(serial)[:DIGITS].ljust(DIGITS, "0")
