"""Debian's packages: dpkg-query, apt-get; and env, by which they are called."""

from __future__ import annotations

from collections.abc import Iterable

from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import read
from sbsim.sim.packages import Package

FORM = "${Package} ${db:Status-Status}\n"
# An update of a small archive, and what each megabyte of programs takes to be put in place.
UPDATE_SECONDS, SECONDS_PER_MIB = 1.0, 4.0
NOT_FOUND = 100
SOURCES = "/etc/apt/sources.list"


@tool("env")
def env(call: Call) -> Output:
    """Another command, with variables that no simulated tool looks at."""
    words = list(call.words)
    while words and "=" in words[0] and not words[0].startswith("-"):
        words.pop(0)
    if not words or words[0].startswith("-"):
        raise call.unknown("use of env but with variables and a command")
    return call.machine.call(tuple(words), call.input)


@tool("dpkg-query")
def dpkg_query(call: Call) -> Output:
    """Name and state of packages; status 1 if one is not installed."""
    options = read(call, flags=("-W",), values=("-f",))
    if "-W" not in options or options.values.get("-f") != FORM:
        raise call.unknown("use of dpkg-query but -W with name and state")
    installed = call.machine.packages.installed
    lines = [f"{name} installed\n" for name in sorted(options.rest) if name in installed]
    wrong = [
        f"dpkg-query: no packages found matching {name}\n"
        for name in options.rest
        if name not in installed
    ]
    return Output("".join(lines), "".join(wrong), 1 if wrong else 0)


@tool("apt-get")
def apt_get(call: Call) -> Output:
    """Look at the archive, or install packages with what they need."""
    options = read(
        call,
        flags=("--quiet", "--yes", "--no-install-recommends"),
        values=("--option",),
    )
    verb, *names = options.rest or ("",)
    if verb == "update":
        return Output("Reading package lists...\n", seconds=UPDATE_SECONDS)
    if verb != "install":
        raise call.unknown(f"use of apt-get: {verb}")
    return _install(call, names)


def _has_no_source(call: Call) -> bool:
    """Whether the machine has nowhere to install packages from."""
    files = call.machine.files
    text = files.read(SOURCES).decode() if files.exists(SOURCES) else ""
    return not any(line.startswith("deb ") for line in text.splitlines())


def _install(call: Call, names: Iterable[str]) -> Output:
    packages = call.machine.packages
    begun = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
    there = [] if _has_no_source(call) else packages.offered
    unknown = [name for name in names if name not in there and name not in packages.installed]
    if unknown:
        wrong = "".join(f"E: Unable to locate package {name}\n" for name in unknown)
        return Output(begun, wrong, NOT_FOUND)
    fresh = call.machine.install(names)
    count = f"0 upgraded, {len(fresh)} newly installed, 0 to remove and 0 not upgraded.\n"
    if not fresh:
        return Output(begun + count)
    listed = "".join(f"  {name}\n" for name in sorted(one.name for one in fresh))
    done = "".join(_put_in_place(one) for one in fresh)
    return Output(
        f"{begun}The following NEW packages will be installed:\n{listed}{count}{done}",
        seconds=UPDATE_SECONDS + seconds_for(fresh),
    )


def seconds_for(packages: Iterable[Package]) -> float:
    """How long it takes to put packages in place."""
    return SECONDS_PER_MIB * sum(one.installed_kib for one in packages) / 1024


def _put_in_place(one: Package) -> str:
    return (
        f"Unpacking {one.name} ({one.version}) ...\n"
        f"Setting up {one.name} ({one.version}) ...\n"
    )  # fmt: skip
