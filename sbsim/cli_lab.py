"""`sbsim lab …`: the lab by hand."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import paramiko
import typer
from rich.console import Console
from rich.table import Table

from sbsim.backends import LabBackend
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import LabError, MachineError, UsageError
from sbsim.lab import audit as audits
from sbsim.lab import lab as labs
from sbsim.lab.folder import LabFolder, known_labs
from sbsim.lab.keys import ensure_keys

lab_app = typer.Typer(no_args_is_help=True, help="Boot, look at and end the lab's machines.")
out = Console(emoji=False, highlight=False, soft_wrap=True)

SSH_LIMIT_SECONDS = 60.0

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="The deployment's description; the guide's own if none."),
]
LabName = Annotated[str | None, typer.Option("--lab", help="Which lab, where more than one is up.")]


def teller() -> Callable[[str], None]:
    """A progress for people: one line per step, with the seconds since the start."""
    began = time.monotonic()
    return lambda text: out.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {text}")


def the_lab(name: str | None) -> labs.Lab:
    """The lab of that name, or the one that is up. UsageError if there is none, or several."""
    alive = [folder for folder in known_labs() if folder.alive()]
    if name is not None:
        alive = [folder for folder in alive if folder.name == name]
    if not alive:
        raise UsageError(
            f"no lab{f' {name!r}' if name else ''} is up; "
            "start one: sbsim provision, or sbsim lab up"
        )
    if len(alive) > 1:
        names = ", ".join(folder.name for folder in alive)
        raise UsageError(f"{len(alive)} labs are up ({names}); say which with --lab NAME")
    return labs.Lab(alive[0])


@lab_app.command()
def up(file: File = None, lab: LabName = None) -> None:
    """Boot the machines of a description; they stay up until `sbsim lab down`."""
    deployment = load(file or default_deployment())
    backend = LabBackend(deployment, name=lab, keep=True)
    progress = teller()
    backend.up(progress)
    progress(f"{len(backend.machines)} machines are up; look around: sbsim lab ssh NAME")
    _tell_reached(backend)


@lab_app.command()
def status(lab: LabName = None) -> None:
    """Show the labs that are up and their machines."""
    found = [the_lab(lab)] if lab else [labs.Lab(item) for item in known_labs() if item.alive()]
    if not found:
        out.print("no lab is up; start one: sbsim lab up")
    for item in found:
        seen = item.status()
        how = "with KVM" if seen["kvm"] else "emulated"
        table = Table(title=f"{item.name}: {seen['phase']}, {how}", title_justify="left")
        table.add_column("machine")
        table.add_column("state")
        for name, state in seen["machines"].items():
            table.add_row(name, state)
        out.print(table)


@lab_app.command()
def down(lab: LabName = None) -> None:
    """End a lab; nothing of it is left."""
    found = the_lab(lab)
    found.down()
    out.print(f"the lab {found.name} is down")


@lab_app.command()
def save(name: str, lab: LabName = None) -> None:
    """Keep memory and disks of all machines under a name."""
    backend = _attached(lab)
    backend.save(name, teller())


@lab_app.command()
def restore(name: str, lab: LabName = None) -> None:
    """Bring all machines back to a kept state."""
    backend = _attached(lab)
    backend.restore(name, teller())
    _tell_reached(backend)


@lab_app.command()
def audit() -> None:
    """List everything of sbsim's that is left on this machine outside its cache."""
    left = audits.leftovers()
    for item in left:
        out.print(f"{item.kind}: {item.what}", markup=False)
    alive = [folder.name for folder in known_labs() if folder.alive()]
    if alive:
        out.print(f"up, and so not counted: {', '.join(alive)}")
    if left:
        raise LabError(f"{len(left)} thing{'s' if len(left) != 1 else ''} left behind")
    out.print("nothing is left behind")


@lab_app.command(context_settings={"allow_interspersed_args": False})
def ssh(machine: str, command: Annotated[list[str] | None, typer.Argument()] = None,
        lab: LabName = None) -> None:  # fmt: skip
    """Open a shell on a machine, or run a command there."""
    found = the_lab(lab)
    keys = ensure_keys()
    with paramiko.Transport(found.connect(machine, 22)) as transport:
        try:
            transport.start_client(timeout=SSH_LIMIT_SECONDS)
            key = paramiko.Ed25519Key.from_private_key_file(str(keys.client))
            transport.auth_publickey("root", key)
            # As people write it for programs that take options of their own.
            words = command[1:] if command and command[0] == "--" else command
            status = _talk(transport.open_session(), words)
        except (paramiko.SSHException, EOFError, OSError) as error:
            console = LabFolder(found.name).console / f"{machine}.log"
            text = f"{machine} does not answer: {error}; its console is {console}"
            raise MachineError(text) from error
    raise typer.Exit(status)


def _attached(name: str | None) -> LabBackend:
    return LabBackend.attached(the_lab(name))


def _tell_reached(backend: LabBackend) -> None:
    """Say what was measured beside what it should be."""
    backend.time_command()
    out.print(f"{backend.reached} (aims: 2 cores, emulated)")


def _talk(channel: paramiko.Channel, command: list[str] | None) -> int:
    """Join this terminal and a channel until the far end closes; return its exit status."""
    terminal = sys.stdin.isatty() and not command
    if terminal:
        size = os.get_terminal_size()
        channel.get_pty(os.environ.get("TERM", "vt100"), size.columns, size.lines)
        signal.signal(signal.SIGWINCH, lambda *_: channel.resize_pty(*os.get_terminal_size()))
    if command:
        channel.exec_command(" ".join(command))  # as ssh itself joins them
    else:
        channel.invoke_shell()
    before = termios.tcgetattr(sys.stdin) if terminal else None
    try:
        if terminal:
            tty.setraw(sys.stdin)
        _pump(channel)
    finally:
        if before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
    return channel.recv_exit_status()


def _pump(channel: paramiko.Channel) -> None:
    sources = [channel, sys.stdin]
    while True:
        readable, _, _ = select.select(sources, [], [])
        if sys.stdin in readable:
            data = os.read(sys.stdin.fileno(), 4096)
            if data:
                channel.sendall(data)
            else:
                channel.shutdown_write()
                sources.remove(sys.stdin)
        if channel in readable:
            data = channel.recv(65536) if channel.recv_ready() else b""
            errors = channel.recv_stderr(65536) if channel.recv_stderr_ready() else b""
            os.write(1, data)
            os.write(2, errors)
            if not data and not errors and channel.eof_received:
                return
