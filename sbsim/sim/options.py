"""How a simulated tool reads its words: the options that it knows, and an error for any other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sbsim.sim.machine import Call


@dataclass(frozen=True)
class Options:
    """A call's flags, its options with values (the last one counts), and the other words."""

    flags: frozenset[str]
    values: dict[str, str]
    rest: tuple[str, ...]

    def __contains__(self, flag: str) -> bool:
        return flag in self.flags or flag in self.values


def read(call: Call, flags: Collection[str] = (), values: Collection[str] = ()) -> Options:
    """Read a call's words. Raises NotSimulated for an option that is neither a flag nor a value.

    Options are named with their dashes; ``--name=value`` and ``--name value`` are the same.
    """
    seen: set[str] = set()
    given: dict[str, str] = {}
    rest: list[str] = []
    words = iter(call.words)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += words
        elif not word.startswith("-") or word == "-":
            rest.append(word)
        elif word in flags:
            seen.add(word)
        elif word in values:
            given[word] = next(words, "")
        elif equals and name in values:
            given[name] = value
        else:
            raise call.unknown(f"option {word} of {call.argv[0]}")
    return Options(frozenset(seen), given, tuple(rest))
