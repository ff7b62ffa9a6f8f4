"""What a user writes, held against what can be."""

from __future__ import annotations

from sbsim.management.errors import BAD_ARGUMENT, Refused

LONGEST_NAME = 255
SECTOR = 512
LARGEST_BYTES = 2**50


def check_text(what: str, text: str, low: int, high: int) -> None:
    """Raise Refused (SYS.1007) unless a text has that many characters, and no blanks around it."""
    if not low <= len(text) <= high or text != text.strip():
        raise Refused(
            BAD_ARGUMENT,
            f"{what} has {len(text)} characters; expected {low} to {high}, without blanks at "
            f"either end",
        )


def check_name(what: str, name: str) -> None:
    """Raise Refused (SYS.1007) for what cannot be a name."""
    check_text(f"the name of the {what}", name, 1, LONGEST_NAME)


def check_size(what: str, size: int, least: int = SECTOR) -> None:
    """Raise Refused (SYS.1007) for a size in bytes that nothing can have."""
    if not least <= size <= LARGEST_BYTES or size % SECTOR:
        raise Refused(
            BAD_ARGUMENT,
            f"{what} is {size} bytes; expected a multiple of {SECTOR} from {least} to "
            f"{LARGEST_BYTES}",
        )
