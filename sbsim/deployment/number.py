"""Whole numbers between limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.unfit import Unfit


def whole_number(low: int, high: int, example: int | None = None) -> Callable[[object], int]:
    """Return a parser of whole numbers from `low` to `high`; true and false are no numbers."""
    advice = f"write for example {low if example is None else example}"

    def parse(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Unfit(f"a whole number from {low} to {high}", advice)

    return parse


def yes_or_no(value: object) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise Unfit("true or false", "write true or false, without quotes")


def _numbers(low: int, high: int, example: int) -> Parsed:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Parsed(whole_number(low, high, example), schema)


Cpus = Annotated[int, _numbers(1, 1024, 4)]
# RFC 791 asks every link for 576 bytes or more; 65535 is the longest packet.
Mtu = Annotated[int, _numbers(576, 65535, 1500)]
Port = Annotated[int, _numbers(1, 65535, 3260)]
# A portal-group tag has 16 bits (RFC 7143 section 4.4.2); LIO makes tpgt_1 and up.
Tag = Annotated[int, _numbers(1, 65535, 1)]
# SCSI's plain (peripheral) form of a LUN has one byte; not every tool shows the longer forms.
LunNumber = Annotated[int, _numbers(0, 255, 0)]
# Below 5 s sanlock itself warns; the product's longest is 40 s.
IoTimeout = Annotated[int, _numbers(1, 120, 10)]
Flag = Annotated[bool, Parsed(yes_or_no, {"type": "boolean"})]
