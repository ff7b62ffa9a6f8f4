"""multipath.conf as multipathd reads it: sections, what they set, and what that means for a LUN."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

PATH = "/etc/multipath.conf"
_WORD = re.compile(r'\s*(?:(?P<comment>[#!][^\n]*)|"(?P<quoted>[^"\n]*)"|(?P<word>[{}]|[^\s{}"]+))')


class UnknownKeyword(ValueError):
    """A keyword that the simulated multipathd does not know; its argument is what it is."""


@dataclass(frozen=True)
class Settings:
    """How one LUN is treated: multipath-tools' keywords and its own defaults (0.9.4)."""

    path_grouping_policy: str = "failover"
    path_selector: str = "service-time 0"
    path_checker: str = "tur"
    failback: str = "manual"
    features: str = "0"
    no_path_retry: str = ""
    fast_io_fail_tmo: str = "5"
    user_friendly_names: str = "no"
    find_multipaths: str = "strict"
    alias: str = ""


_KEYWORDS = frozenset(one.name for one in fields(Settings))
Section = list[tuple[str, "str | Section"]]


@dataclass
class Conf:
    """A whole configuration."""

    defaults: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)
    devices: list[dict[str, str]] = field(default_factory=list)
    multipaths: list[dict[str, str]] = field(default_factory=list)
    blacklist: list[dict[str, str]] = field(default_factory=list)
    exceptions: list[dict[str, str]] = field(default_factory=list)

    def settings(self, wwid: str, vendor: str, product: str) -> Settings:
        """What holds for a LUN: of several entries for it, a later one wins."""
        found = dict(self.defaults)
        for one in self.devices:
            if _fits(one, "vendor", vendor) and _fits(one, "product", product):
                found.update(one)
        found.update(self.overrides)
        for one in self.multipaths:
            if one.get("wwid") == wwid:
                found.update(one)
        return replace(Settings(), **{key: found[key] for key in _KEYWORDS if key in found})

    def is_blacklisted(self, name: str, wwid: str, vendor: str, product: str) -> bool:
        """Whether a disk is none of multipath's business."""
        seen = {"devnode": name, "wwid": wwid, "vendor": vendor, "product": product}
        return _any(self.blacklist, seen) and not _any(self.exceptions, seen)


def _any(entries: list[dict[str, str]], seen: dict[str, str]) -> bool:
    return any(all(_fits(one, key, seen[key]) for key in one) for one in entries)


def _fits(entry: dict[str, str], key: str, value: str) -> bool:
    return re.search(entry.get(key, ""), value) is not None


def read_conf(text: str) -> Conf:
    """Read a file's text. Raises UnknownKeyword."""
    conf = Conf()
    for name, section in _section(_words(text), "the file"):
        if isinstance(section, str):
            raise UnknownKeyword(f"keyword {name} outside a section")
        match name:
            case "defaults":
                conf.defaults.update(_settings(section))
            case "overrides":
                conf.overrides.update(_settings(section))
            case "devices":
                conf.devices.extend(_entry(one, {"vendor", "product"}) for one in section)
            case "multipaths":
                conf.multipaths.extend(_entry(one, {"wwid"}) for one in section)
            case "blacklist":
                conf.blacklist.extend(_listed(one) for one in section)
            case "blacklist_exceptions":
                conf.exceptions.extend(_listed(one) for one in section)
            case _:
                raise UnknownKeyword(f"section {name}")
    return conf


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it can be a brace."""
    for found in _WORD.finditer(text):
        if found["quoted"] is not None:
            yield found["quoted"], False
        elif found["word"] is not None:
            yield found["word"], True


def _section(words: Iterator[tuple[str, bool]], name: str) -> Section:
    """The entries up to a section's end."""
    entries: Section = []
    for word, _ in words:
        if word == "}":
            return entries
        value, plain = next(words, ("", False))
        entries.append((word, _section(words, word) if plain and value == "{" else value))
    if name != "the file":
        raise UnknownKeyword(f"section {name} without an end")
    return entries


def _settings(section: Section, more: frozenset[str] | set[str] = frozenset()) -> dict[str, str]:
    found = {}
    for key, value in section:
        if key not in _KEYWORDS | more or not isinstance(value, str):
            raise UnknownKeyword(f"keyword {key}")
        found[key] = value
    return found


def _entry(one: tuple[str, str | Section], more: set[str]) -> dict[str, str]:
    name, section = one
    if name not in ("device", "multipath") or isinstance(section, str):
        raise UnknownKeyword(f"keyword {name}")
    return _settings(section, more)


def _listed(one: tuple[str, str | Section]) -> dict[str, str]:
    name, value = one
    if isinstance(value, str) and name in ("devnode", "wwid"):
        return {name: value}
    if name == "device" and not isinstance(value, str):
        return {key: text for key, text in value if isinstance(text, str)}
    raise UnknownKeyword(f"keyword {name} in a blacklist")
