"""Record what a real sanlock writes: ``python record_sanlock.py FOLDER OUT``.

FOLDER has sanlock and its libraries, as `dpkg -x` unpacks them from Debian's packages `sanlock` and
`libsanlock1`. The daemon runs on files, as nobody's service: without watchdog, on a socket of its
own. OUT gets the sectors that are not empty, as hexadecimal, after each step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sbsim.machines.clock import WallClock, wait_until

SECTOR, SIZE = 512, 2**20
HOST_ID, IO_TIMEOUT = 3, 1
LIMIT_SECONDS, REST_SECONDS = 10.0, 1.0
HOSTS_KEPT = 8  # of a lock space's sectors: all of them are alike


def main(folder: Path, out: Path) -> None:
    """Go through the steps."""
    program = folder / "usr/sbin/sanlock"
    libraries = next((folder / "usr/lib").glob("*/libsanlock.so.1")).parent
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        env = {
            **os.environ,
            "LD_LIBRARY_PATH": str(libraries),
            "SANLOCK_PRIVILEGED": "0",
            "SANLOCK_RUN_DIR": work,
        }
        space, lease = place / "space", place / "lease"
        for path in (space, lease):
            path.write_bytes(bytes(SIZE))

        def run(*words: str) -> None:
            subprocess.run([str(program), *words], env=env, check=True, capture_output=True)

        steps: dict[str, dict[str, dict[str, str]]] = {}

        def keep(step: str) -> None:
            steps[step] = {"space": sectors(space, HOSTS_KEPT), "lease": sectors(lease)}

        run("direct", "init", "-s", f"SPACE:0:{space}:0", "-o", str(IO_TIMEOUT))
        run("direct", "init", "-r", f"SPACE:LEASE:{lease}:0")
        keep("formatted")
        daemon = subprocess.Popen(
            [str(program), "daemon", "-D", "-w", "0", "-h", "0", "-l", "0", "-e", "host-one"],
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(lambda: (place / "sanlock.sock").exists(), "the daemon to answer")
            joined = f"SPACE:{HOST_ID}:{space}:0"
            run("client", "add_lockspace", "-s", joined, "-o", str(IO_TIMEOUT))
            keep("joined")
            for mode, name in (("", "exclusive"), (":SH", "shared")):
                before = sectors(lease)
                with subprocess.Popen(
                    [str(program), "client", "command", "-r", f"SPACE:LEASE:{lease}:0{mode}", "-c",
                     "/bin/cat"], env=env, stdin=subprocess.PIPE,
                ) as holder:  # fmt: skip
                    wait_for_change(lease, before)
                    keep(name)
                    assert holder.stdin is not None
                    holder.stdin.close()
                    before = sectors(lease)
                wait_for_change(lease, before)
                keep(f"{name} released")
            run("client", "rem_lockspace", "-s", joined)
            keep("left")
        finally:
            daemon.kill()  # it would not end politely while it is in a lock space
            daemon.wait()
        told = subprocess.check_output([str(program), "version"], env=env, text=True).strip()
    out.write_text(json.dumps({"sanlock": told, "steps": steps}, indent=1) + "\n")


def sectors(path: Path, most: int = SIZE // SECTOR) -> dict[str, str]:
    """The sectors that hold something, by number, without the zeros at their end."""
    data = path.read_bytes()
    found = {str(n): data[n * SECTOR : (n + 1) * SECTOR].rstrip(b"\0").hex() for n in range(most)}
    return {number: text for number, text in found.items() if text}


def wait_for(ready: Callable[[], bool], what: str) -> None:
    """Wait for a condition. Raises WaitedInVain."""
    wait_until(WallClock(), ready, LIMIT_SECONDS, what)


def wait_for_change(path: Path, before: dict[str, str]) -> None:
    """Wait until a disk is written to, and then until nothing has been for a while."""
    wait_for(lambda: sectors(path) != before, f"a change of {path.name}")
    wait_for(lambda: time.time() - path.stat().st_mtime > REST_SECONDS, "the disk to come to rest")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
