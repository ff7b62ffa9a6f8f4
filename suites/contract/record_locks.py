"""Record how real sanlock goes through the lock scenario: ``python record_locks.py FOLDER OUT``.

FOLDER has sanlock and its libraries, as `dpkg -x` unpacks them from Debian's packages `sanlock`,
`libsanlock1` and `libsanlock-client1`. Three daemons run on files, without watchdog, each on a
socket of its own, for some two and a half minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from lock_scenario import HOSTS, IO_TIMEOUT, play

SIZE = 2**20
LIMIT_SECONDS = 300.0


class RealHosts:
    """A daemon of sanlock's for each host."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._program = folder / "usr/sbin/sanlock"
        self._libraries = next((folder / "usr/lib").glob("*/libsanlock.so.1")).parent
        self._place = place
        self._space, self._lease = place / "space", place / "lease"
        for path in (self._space, self._lease):
            path.write_bytes(bytes(SIZE))
        self._starts = dict.fromkeys(HOSTS, 0)
        self._daemons: dict[int, subprocess.Popen[bytes]] = {}
        self._users: dict[int, subprocess.Popen[bytes]] = {}
        words = ("direct", "init")
        self._run(1, *words, "-s", f"SPACE:0:{self._space}:0", "-o", str(IO_TIMEOUT))
        self._run(1, *words, "-r", f"SPACE:LEASE:{self._lease}:0")
        for host in HOSTS:
            self._start(host)

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def join(self, host: int) -> None:
        space = f"SPACE:{host}:{self._space}:0"
        self._run(host, "client", "add_lockspace", "-s", space, "-o", str(IO_TIMEOUT))

    def join_together(self, hosts: tuple[int, ...]) -> dict[int, float]:
        def one(host: int) -> float:
            began = self.now()
            self.join(host)
            return self.now() - began

        with ThreadPoolExecutor(len(hosts)) as pool:
            return dict(zip(hosts, pool.map(one, hosts), strict=True))

    def leave(self, host: int) -> None:
        self._run(host, "client", "rem_lockspace", "-s", f"SPACE:{host}:{self._space}:0")

    def acquire(self, host: int, shared: bool) -> bool:
        resource = f"SPACE:LEASE:{self._lease}:0{':SH' if shared else ''}"
        user = subprocess.Popen(
            [str(self._program), "client", "command", "-r", resource, "-c", "/bin/sh", "-c",
             "echo taken; exec cat"],
            env=self._env(host), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert user.stdout is not None
        if b"taken" in user.stdout.readline():
            self._users[host] = user
            return True
        user.communicate()
        return False

    def release(self, host: int) -> None:
        user = self._users.pop(host)
        assert user.stdin is not None
        user.stdin.close()
        user.wait(LIMIT_SECONDS)
        # The daemon gives the lease back once it has seen the end of its user.
        while self._is_held(host):
            time.sleep(0.01)

    def kill(self, host: int) -> None:
        daemon = self._daemons.pop(host)
        daemon.kill()
        daemon.wait()
        user = self._users.pop(host)
        user.kill()
        user.wait()
        self._start(host)

    def close(self) -> None:
        """End whatever runs."""
        for process in (*self._users.values(), *self._daemons.values()):
            process.kill()
            process.wait()

    def version(self) -> str:
        """The program's version."""
        return self._run(1, "version").strip()

    def _is_held(self, host: int) -> bool:
        told = self._run(host, "client", "status")
        return any(line.startswith("r ") for line in told.splitlines())

    def _start(self, host: int) -> None:
        self._starts[host] += 1
        name = f"host-{host}-{self._starts[host]}"
        folder = self._place / str(host)
        folder.mkdir(exist_ok=True)
        socket = folder / "sanlock.sock"
        socket.unlink(missing_ok=True)
        self._daemons[host] = subprocess.Popen(
            [str(self._program), "daemon", "-D", "-w", "0", "-h", "0", "-l", "0", "-e", name],
            env=self._env(host), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 10
        while not socket.exists() and time.monotonic() < end:
            time.sleep(0.01)

    def _env(self, host: int) -> dict[str, str]:
        return {
            **os.environ, "LD_LIBRARY_PATH": str(self._libraries), "SANLOCK_PRIVILEGED": "0",
            "SANLOCK_RUN_DIR": str(self._place / str(host)),
        }  # fmt: skip

    def _run(self, host: int, *words: str) -> str:
        return subprocess.run(
            [str(self._program), *words], env=self._env(host), check=True, capture_output=True,
            text=True, timeout=LIMIT_SECONDS,
        ).stdout  # fmt: skip


def main(folder: Path, out: Path) -> None:
    """Play, and keep what happened."""
    with tempfile.TemporaryDirectory() as work:
        hosts = RealHosts(folder, Path(work))
        try:
            events = play(hosts)
            told = {"sanlock": hosts.version(), "events": [asdict(one) for one in events]}
        finally:
            hosts.close()
    out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
