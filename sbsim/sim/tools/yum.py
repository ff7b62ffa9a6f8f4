"""EL7's packages: rpm, yum."""

from __future__ import annotations

import posixpath

from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import read
from sbsim.sim.tools.packages import UPDATE_SECONDS, seconds_for

FORM = "%{NAME}\\n"
REPOSITORIES = "/etc/yum.repos.d"


@tool("rpm")
def rpm(call: Call) -> Output:
    """Which packages are installed; the status is the number of those that are not."""
    options = read(call, flags=("--query",), values=("--queryformat",))
    if "--query" not in options or options.values.get("--queryformat") != FORM:
        raise call.unknown("use of rpm but to query names")
    installed = call.machine.packages.installed
    lines = [
        f"{name}\n" if name in installed else f"package {name} is not installed\n"
        for name in options.rest
    ]
    return Output("".join(lines), status=sum(name not in installed for name in options.rest))


@tool("yum")
def yum(call: Call) -> Output:
    """Install packages with what they need; what no repository has is passed over."""
    options = read(call, flags=("--assumeyes",), values=("--setopt",))
    verb, *names = options.rest or ("",)
    if verb != "install" or "--assumeyes" not in options:
        raise call.unknown(f"use of yum but to install, with --assumeyes: {verb}")
    if not _has_repository(call):
        return Output(stderr="There are no enabled repos.\n", status=1)
    packages = call.machine.packages
    known = [name for name in names if name in packages.offered]
    said = "".join(f"No package {name} available.\n" for name in names if name not in known)
    fresh = call.machine.install(known)
    if not fresh:
        lacks = "Error: Nothing to do\n" if said else ""
        return Output(said + ("" if lacks else "Nothing to do\n"), lacks, status=int(bool(lacks)))
    lines = "".join(
        f"  Installing : {one.name}-{one.version.partition(':')[2] or one.version}.x86_64\n"
        for one in fresh
    )
    return Output(f"{said}Running transaction\n{lines}\nComplete!\n",
                  seconds=UPDATE_SECONDS + seconds_for(fresh))  # fmt: skip


def _has_repository(call: Call) -> bool:
    """Whether any repository is enabled."""
    files = call.machine.files
    names = files.listdir(REPOSITORIES) if files.is_dir(REPOSITORIES) else []
    texts = (files.read(posixpath.join(REPOSITORIES, name)).decode() for name in names)
    return any("enabled=1" in text.splitlines() for text in texts)
