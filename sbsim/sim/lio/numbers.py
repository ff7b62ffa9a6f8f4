"""How the kernel reads numbers and switches from what is written to an attribute."""

from __future__ import annotations

import errno
import itertools
import re
from collections.abc import Iterable

from sbsim.sim.lio.tree import refuse

_NUMBER = re.compile(r"\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\n?")
_SWITCH = {"y": True, "1": True, "on": True, "n": False, "0": False, "of": False}


def switch(text: str) -> bool:
    """kstrtobool: only the first character counts, or the first two of "on" and "off"."""
    word = text[:2].lower() if text[:1] in ("o", "O") else text[:1].lower()
    found = _SWITCH.get(word)
    return refuse(errno.EINVAL) if found is None else found


def unsigned(text: str, bits: int = 32) -> int:
    """Kstrtouint and its like: decimal, octal or hexadecimal; one line end may follow."""
    if not _NUMBER.fullmatch(text):
        refuse(errno.EINVAL)
    value = _value(text.strip().removeprefix("+"))
    return value if value < 1 << bits else refuse(errno.ERANGE)


def signed(text: str, bits: int = 32) -> int:
    """Kstrtoint and its like: as `unsigned`, with a sign."""
    if text.startswith("-"):
        value = unsigned(text[1:], bits)
        return -value if value <= 1 << bits - 1 else refuse(errno.ERANGE)
    return unsigned(text, bits)


def lowest_free(used: Iterable[int], first: int = 0) -> int:
    """The lowest number that is not used, from `first` on."""
    taken = set(used)
    return next(number for number in itertools.count(first) if number not in taken)


def leading(text: str) -> int:
    """simple_strtoul: the digits at the start, 0 where there are none."""
    found = re.match(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*", text)
    return _value(found.group()) if found else 0


def _value(digits: str) -> int:
    if digits[:2].lower() == "0x":
        return int(digits, 16)
    return int(digits, 8) if digits.startswith("0") else int(digits)
