"""A command over ssh whose connection ends before it does."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sbsim.errors import MachineError
from sbsim.machines.ssh import SshProcess


class Channel:
    """paramiko's channel, as far as a process asks it; `status` None: none has come."""

    def __init__(self, status: int | None, closed: bool, eof: bool) -> None:
        self.exit_status = -1 if status is None else status
        self.closed, self.eof_received = closed, eof
        self.status_event = threading.Event()
        if status is not None or closed:
            self.status_event.set()

    def exit_status_ready(self) -> bool:
        return self.closed or self.status_event.is_set()

    def recv_ready(self) -> bool:
        return False

    recv_stderr_ready = recv_ready

    def recv_exit_status(self) -> int:
        return self.exit_status

    def shutdown_write(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Named:
    name = "solo"


def process(**state: Any) -> SshProcess:
    return SshProcess(Named(), ("sleep", "9"), Channel(**state), b"")  # type: ignore[arg-type]


def test_broken_connection_is_an_error_and_no_endless_wait() -> None:
    with pytest.raises(MachineError, match="solo: the connection broke while `sleep 9` ran"):
        process(status=None, closed=True, eof=False).wait(timeout=5)


def test_command_that_a_signal_ended_has_ended() -> None:
    assert process(status=None, closed=True, eof=True).wait(timeout=5).status == -1


def test_command_that_ended_before_its_connection_did_has_its_status() -> None:
    assert process(status=3, closed=True, eof=True).wait(timeout=5).status == 3


def test_command_that_closed_its_output_is_waited_for() -> None:
    running = process(status=None, closed=False, eof=True)
    assert running.poll() is None
