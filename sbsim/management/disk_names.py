"""One LUN has several names; whether two of them mean the same LUN."""

from __future__ import annotations

# What udev and users put before an id; the id itself follows.
_PREFIXES = ("dm-uuid-mpath-", "scsi-", "wwn-", "nvme-", "0x")
# A SCSI id of a LUN with an NAA name: the digit of its type, then the 32 or 16 digits of the name.
_NAA_IDS = (33, 17)


def bare(name: str) -> str:
    """A disk's id without prefixes, in the spelling that all names of one LUN share."""
    text = name
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    text = text.lower()
    return text[1:] if len(text) in _NAA_IDS and text.startswith("3") else text
