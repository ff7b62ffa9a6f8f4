"""The nearest known word to a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from itertools import islice

# Comparing is slow; a description that has more words than this is no typing error.
_CANDIDATES = 256
_LONGEST = 253


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of `known` that `word` most likely stands for, or None."""
    if len(word) > _LONGEST:
        return None
    folded = {other.lower(): other for other in islice(known, _CANDIDATES)}
    found = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def suggestion(word: str, known: Collection[str], none: str) -> str:
    """Return advice for the unknown `word`: the nearest known one, all if few, or `none`."""
    guess = nearest(word, known)
    if guess is not None:
        return f"did you mean '{guess}'?"
    if 0 < len(known) <= 12:
        return "use one of " + ", ".join(f"'{other}'" for other in known)
    return none
