"""How the kernel reads numbers and switches from what is written to an attribute."""

from __future__ import annotations

import errno
import re

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
    plain = text.strip().removeprefix("+")
    octal = plain.startswith("0") and plain[1:2].isdigit()
    value = int(plain, 8) if octal else int(plain, 0)
    if value >= 1 << bits:
        refuse(errno.ERANGE)
    return value


def leading(text: str, bits: int = 32) -> int:
    """simple_strtoul: the digits at the start, 0 where there are none; what is too large wraps."""
    found = re.match(r"0[xX][0-9a-fA-F]+|[0-9]+", text)
    if not found:
        return 0
    plain = found.group()
    octal = plain.startswith("0") and len(plain) > 1 and plain[1].isdigit()
    digits = re.match(r"[0-7]+", plain) if octal else None
    value = int(digits.group(), 8) if digits else int(plain, 0 if plain[1:2] in "xX" else 10)
    return value % (1 << bits)
