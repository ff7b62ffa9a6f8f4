"""A password lies where it must, and nowhere else.

Slow: one whole acceptance with a password that nobody else has.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sbsim.acceptance import Run
from sbsim.lab.folder import LabFolder
from sbsim.machines import Machine, parallel

LIMIT_SECONDS = 900
# Those in which a password plays a part.
CHAPTERS = ("3.1", "3.2", "3.3")

# On a host: open-iscsi's own settings and node records. On the storage server: what the target is
# made from again after a restart. All readable by root alone.
ALLOWED = (
    re.compile(r"/etc/iscsi/iscsid\.conf"),
    re.compile(r"/etc/iscsi/nodes/.*"),
    re.compile(r"/var/lib/iscsi/nodes/.*"),
    re.compile(r"/var/lib/sbsim/target\.json"),
)
PLACES = ("/etc", "/var", "/root", "/run", "/tmp", "/home", "/usr/local")


@pytest.mark.breaks
@pytest.mark.destructive
@pytest.mark.slow
@pytest.mark.long
@pytest.mark.requires("disposable", "power_cycle", "iscsi")
def test_password_is_found_where_it_must_be_and_nowhere_else(
    saved: Run, enter: Callable[[str], None], tmp_path: Path
) -> None:
    enter("provisioned")
    chap = saved.deployment.chap
    assert chap is not None
    assert chap.password.env is not None
    canary = f"canary{secrets.token_hex(8)}"
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "sbsim", "accept", "--backend", "lab", *saved.options.described,
         "--lab", saved.lab_name, "--out", str(out),
         *(word for chapter in CHAPTERS for word in ("--only", chapter))],
        env={**os.environ, chap.password.env: canary},
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert canary not in done.stdout + done.stderr
    assert holding(out, canary) == []
    assert holding(LabFolder(saved.lab_name).path, canary) == []
    found = parallel(saved.backend.machines.values(), lambda one: files_with(one, canary))
    # The search does find it: in every host's settings, and on the storage server.
    assert all("/etc/iscsi/iscsid.conf" in found[host.name] for host in saved.deployment.hosts)
    wrong = {
        name: [path for path in paths if not any(one.fullmatch(path) for one in ALLOWED)]
        for name, paths in found.items()
    }
    assert {name: paths for name, paths in wrong.items() if paths} == {}


def holding(folder: Path, text: str) -> list[str]:
    """The files below a folder that hold a text."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def files_with(machine: Machine, text: str) -> list[str]:
    """The files of a machine that hold a text and others may read, or that hold it at all."""
    result = machine.run(
        "grep", "-rlaF", "-f", "/dev/stdin", *PLACES, input=text, check=False, timeout=120
    )
    paths = [path for path in result.lines if path]
    for path in paths:
        mode = machine.run("stat", "-c", "%a", path).stdout.strip()
        assert mode.endswith("00"), f"{machine.name}: {path} has mode {mode}"
    return paths
