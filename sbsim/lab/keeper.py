"""The keeper: the one process of a lab that opens libvirt, and answers requests about it.

It listens on a unix socket. A connection carries one request, a line of JSON
``{"op": …, other arguments}``; the answer is any number of ``{"progress": text}`` lines and one
``{"result": …}`` or ``{"error": text}``. The answer to ``connect`` carries a connected TCP socket
as a file descriptor, so that nobody else has to enter the lab's namespaces.

A keeper is born on a leash: a pipe whose other end its starter holds. When the starter dies,
however it dies, the pipe closes and the keeper ends, and the kernel takes the lab with it. The
request ``keep`` takes the leash off.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt

from sbsim.errors import LabError, ParallelError
from sbsim.lab.domains import Boot, open_driver
from sbsim.lab.fleet import Fleet, Progress
from sbsim.lab.folder import LabFolder, cache_folder, listen, mount_point
from sbsim.lab.keys import ensure_keys
from sbsim.lab.network import build_network
from sbsim.lab.plan import Plan

REQUEST_LIMIT_BYTES = 2**20


class Keeper:
    """Answers requests about one fleet."""

    def __init__(self, folder: LabFolder, fleet: Fleet) -> None:
        self._folder = folder
        self._fleet = fleet
        self._busy = threading.Lock()
        self._doing = ""
        self._leashed = True
        self._phase = "empty"
        self._operations: dict[str, Callable[[dict[str, Any], Progress], Any]] = {
            "status": self._status,
            "plan": lambda _request, _progress: self._fleet.plan.to_json(),
            "up": self._exclusive("brought up", self._up),
            "save": self._exclusive("saved", self._save),
            "restore": self._exclusive("restored", self._restore),
            "machine": self._machine,
            "keep": self._keep,
        }

    def serve(self, server: socket.socket) -> None:
        """Answer for ever, each connection in a thread of its own."""
        while True:
            client, _ = server.accept()
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def watch_leash(self, leash: int) -> None:
        """End this process when the leash's other end closes, unless it was taken off."""
        os.read(leash, 1)
        if self._leashed:
            os._exit(3)

    # --- requests ---------------------------------------------------------------------------

    def _answer(self, client: socket.socket) -> None:
        with client:
            try:
                request = json.loads(_read_line(client))
                if request["op"] == "connect":
                    self._hand_over(client, request)
                elif request["op"] == "down":
                    _send(client, {"result": None})
                    client.close()
                    os._exit(0)
                else:
                    result = self._operations[request["op"]](
                        request, lambda text: _send(client, {"progress": text})
                    )
                    _send(client, {"result": result})
            except (LabError, ParallelError, OSError, libvirt.libvirtError) as error:
                _send(client, {"error": str(error)})
            except Exception as error:
                traceback.print_exc()
                _send(client, {"error": f"the keeper failed: {error!r}; see {self._folder.log}"})

    def _hand_over(self, client: socket.socket, request: dict[str, Any]) -> None:
        with self._fleet.connect(request["machine"], request["port"]) as connection:
            line = json.dumps({"result": None}).encode() + b"\n"
            socket.send_fds(client, [line], [connection.fileno()])

    def _exclusive(
        self, doing: str, operation: Callable[[dict[str, Any], Progress], Any]
    ) -> Callable[[dict[str, Any], Progress], Any]:
        def guarded(request: dict[str, Any], progress: Progress) -> Any:
            if not self._busy.acquire(blocking=False):
                raise LabError(f"the lab is being {self._doing}; wait until that is done")
            try:
                self._doing = doing
                return operation(request, progress)
            finally:
                self._busy.release()

        return guarded

    def _status(self, _request: dict[str, Any], _progress: Progress) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "plan": self._fleet.plan.key,
            "phase": f"being {self._doing}" if self._busy.locked() else self._phase,
            "kvm": self._fleet.boot.kvm,
            "machines": self._fleet.status(),
        }

    def _up(self, request: dict[str, Any], progress: Progress) -> None:
        if self._phase == "up":
            return
        if request["state"]:
            progress("restoring the saved machines")
            self._fleet.restore(Path(request["state"]))
        else:
            self._fleet.power_on_all(progress)
        self._phase = "up"

    def _save(self, request: dict[str, Any], progress: Progress) -> None:
        progress("saving all machines")
        self._fleet.save(Path(request["folder"]))

    def _restore(self, request: dict[str, Any], progress: Progress) -> None:
        progress("restoring all machines")
        self._fleet.restore(Path(request["folder"]))

    def _machine(self, request: dict[str, Any], _progress: Progress) -> None:
        name, action = request["machine"], request["action"]
        if action == "link":
            self._fleet.set_link(name, request["link"], request["up"])
            return
        if action == "resize_disk":
            self._fleet.resize_disk(name, request["device"], request["size"])
            return
        actions: dict[str, Callable[[str], None]] = {
            "power_on": self._fleet.power_on,
            "power_off": self._fleet.power_off,
            "wait_ready": self._fleet.wait_ready,
            "pause": self._fleet.pause,
            "resume": self._fleet.resume,
        }
        actions[action](name)

    def _keep(self, _request: dict[str, Any], _progress: Progress) -> None:
        self._leashed = False


def _read_line(client: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        part = client.recv(65536)
        if not part or len(data) > REQUEST_LIMIT_BYTES:
            raise LabError("the request is cut off or too long")
        data += part
    return data


def _send(client: socket.socket, answer: dict[str, Any]) -> None:
    try:
        client.sendall(json.dumps(answer).encode() + b"\n")
    except OSError:
        # Whoever asked has gone; what was asked for is finished all the same.
        print(f"nobody is left to hear {answer}", flush=True)


def _mount(folder: LabFolder) -> Path:
    """Mount the lab's tmpfs, seen by this lab alone, and the folder for its console logs in it."""
    base = mount_point()
    _call("mount", "-t", "tmpfs", "-o", "mode=700", "sbsim-lab", str(base))
    for name in ("disks", "console", "libvirt"):
        (base / name).mkdir()
    _call("mount", "--bind", str(folder.console), str(base / "console"))
    # Debian's driver wants these accounts to exist before it reads that it is not to use them.
    _show_account(base, Path("/etc/passwd"), "libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin")
    _show_account(base, Path("/etc/group"), "libvirt-qemu:x:64055:")
    _show_account(base, Path("/etc/group"), "kvm:x:64056:")
    return base


def _show_account(base: Path, database: Path, line: str) -> None:
    """Let this lab's processes alone see one more account, unless there is one of that name."""
    known = database.read_text()
    if not re.search(rf"^{line.split(':')[0]}:", known, re.MULTILINE):
        copy = base / database.name
        copy.write_text(f"{known.rstrip()}\n{line}\n")
        _call("mount", "--bind", str(copy), str(database))


def _call(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{argv[0]} failed: {done.stderr.strip()}")


def run(arguments: list[str]) -> int:
    """Be the keeper of the lab ARGUMENTS[0]; the plan comes on stdin.

    ARGUMENTS[1] is the leash's file descriptor, ARGUMENTS[2] the one to report on when listening,
    ARGUMENTS[3] "kvm" or "tcg".
    """
    folder, leash, ready = LabFolder(arguments[0]), int(arguments[1]), int(arguments[2])
    with folder.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.write(ready, f"another keeper holds the lab {folder.name}".encode())
            return 1
        try:
            plan = Plan.from_json(sys.stdin.read())
            base = _mount(folder)
            build_network(plan)
            boot = Boot(
                image=cache_folder() / "images" / plan.image,
                disks=base / "disks",
                console=base / "console",
                kvm=arguments[3] == "kvm",
            )
            fleet = Fleet(plan, boot, ensure_keys(), open_driver(base / "libvirt"))
            fleet.restart_on_reboot()
            keeper = Keeper(folder, fleet)
            server = listen(folder.socket)
        except (LabError, OSError, libvirt.libvirtError) as error:
            os.write(ready, str(error).encode())
            return 1
        threading.Thread(target=keeper.watch_leash, args=(leash,), daemon=True).start()
        os.write(ready, b"ready")
        os.close(ready)
        keeper.serve(server)
    return 0
