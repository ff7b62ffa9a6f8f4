"""Machines over ssh: one connection each, kept open, one channel per command.

OpenSSH hands a command to the login shell as one string, so every command is sent as
``echo $$; exec <quoted argv>``: the first line of the output is the number of the process group
that a timeout has to end (a server that runs as root refuses ssh's own signals).
"""

from __future__ import annotations

import logging
import os
import posixpath
import select
import shlex
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import paramiko

from sbsim.errors import (
    CommandFailed,
    CommandTimeout,
    MachineError,
    OutputTooLong,
    SbsimError,
    WaitedInVain,
)
from sbsim.machines.clock import WallClock, wait_until
from sbsim.machines.machine import DEFAULT_TIMEOUT_SECONDS, OUTPUT_LIMIT_BYTES, Result, Stream

# Its thread logs a traceback for every server that is not up yet; we raise what matters.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

CONNECT_LIMIT_SECONDS = 60.0
SILENCE_LIMIT_SECONDS = 30
KILL_LIMIT_SECONDS = 10.0
_CHUNK = 65536

Dial = Callable[[], socket.socket]


class SshMachine:
    """A machine behind a dialler: a function that gives a fresh connected socket to its sshd."""

    def __init__(
        self, name: str, dial: Dial, user: str, key: paramiko.PKey, host_key: paramiko.PKey | None
    ) -> None:
        self._name = name
        self._dial = dial
        self._user = user
        self._key = key
        self._host_key = host_key
        self._lock = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._sftp: paramiko.SFTPClient | None = None
        self._boot_id = ""

    @property
    def name(self) -> str:
        """Its name in the description."""
        return self._name

    @property
    def boot_id(self) -> str:
        """Changes with every boot of its kernel; read once per connection."""
        transport = self._connected()
        if not self._boot_id:
            self._boot_id = self.run("cat", "/proc/sys/kernel/random/boot_id").stdout.strip()
        assert transport is not None
        return self._boot_id

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        check: bool = True,
    ) -> Result:
        """Run a command to its end; see `Machine.run`."""
        result = self._start(argv, input).wait(timeout)
        if check and result.status:
            raise CommandFailed(self._name, argv, result.status, result.stdout, result.stderr)
        return result

    def start(self, *argv: str) -> SshProcess:
        """Start a command and come back at once."""
        return self._start(argv, None)

    def stream(self, *argv: str) -> Stream:
        """Start a command and be connected to its standard input and output."""
        try:
            channel = self._connected().open_session(timeout=CONNECT_LIMIT_SECONDS)
            channel.exec_command(f"exec {shlex.join(argv)}")
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise MachineError(f"{self._name}: the connection broke: {error}") from error
        return channel

    def read(self, path: str) -> bytes:
        """A file's content."""
        with self._files().open(path, "rb") as file:
            # Kernel files tell no true size: read to the end instead of prefetching.
            return file.read()

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        """Replace a file in one step; see `Machine.write`."""
        files = self._files()
        aside = posixpath.join(
            posixpath.dirname(path), f".{posixpath.basename(path)}.{os.urandom(4).hex()}"
        )
        try:
            with files.open(aside, "wx") as file:
                file.chmod(mode)  # before the data: a secret is never readable by others
                file.write(data)
            if owner:
                self.run("chown", "--", owner, aside)
            files.posix_rename(aside, path)
        except BaseException:
            _try_to(lambda: files.remove(aside))
            raise

    def reconnect(self) -> None:
        """Drop the connection (dead after a reboot or a restore); the next use makes one."""
        with self._lock:
            transport, self._transport, self._sftp = self._transport, None, None
            self._boot_id = ""
        if transport is not None:
            transport.close()

    close = reconnect

    # --- the connection ---------------------------------------------------------------------

    def _start(self, argv: tuple[str, ...], data: bytes | str | None) -> SshProcess:
        for word in argv:
            if "\0" in word:
                raise SbsimError(f"{self._name}: an argument with a NUL byte: {word!r}")
        try:
            channel = self._connected().open_session(timeout=CONNECT_LIMIT_SECONDS)
            channel.exec_command(f"echo $$; exec {shlex.join(argv)}")
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise MachineError(f"{self._name}: the connection broke: {error}") from error
        return SshProcess(self, argv, channel, _as_bytes(data))

    def _connected(self) -> paramiko.Transport:
        with self._lock:
            if self._transport is None or not self._transport.is_active():
                self._sftp, self._boot_id = None, ""
                self._transport = self._open()
            return self._transport

    def _open(self) -> paramiko.Transport:
        try:
            transport = paramiko.Transport(_impatient(self._dial()))
            transport.banner_timeout = transport.handshake_timeout = CONNECT_LIMIT_SECONDS
            transport.auth_timeout = CONNECT_LIMIT_SECONDS
            transport.set_keepalive(30)
            transport.start_client(timeout=CONNECT_LIMIT_SECONDS)
            shown = transport.get_remote_server_key()
            if self._host_key is not None and shown.asbytes() != self._host_key.asbytes():
                transport.close()
                raise MachineError(
                    f"{self._name}: its ssh host key ({shown.get_name()}) is not the one expected"
                )
            transport.auth_publickey(self._user, self._key)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise MachineError(f"{self._name}: no ssh connection: {error}") from error
        return transport

    def _files(self) -> paramiko.SFTPClient:
        transport = self._connected()
        with self._lock:
            if self._sftp is None:
                self._sftp = paramiko.SFTPClient.from_transport(transport)
            assert self._sftp is not None
            return self._sftp


class SshProcess:
    """A command on its channel. Output is gathered as it comes, up to 16 MiB."""

    def __init__(
        self, machine: SshMachine, argv: tuple[str, ...], channel: paramiko.Channel, data: bytes
    ) -> None:
        self._machine = machine
        self._argv = argv
        self._channel = channel
        self._out = bytearray()
        self._err = bytearray()
        self._left = memoryview(data)
        self._input_open = True
        self._began = time.monotonic()
        self._result: Result | None = None

    def poll(self) -> Result | None:
        """The result if the command has ended, else None."""
        self._pump()
        if self._result is None and self._ended():
            self._finish()
        return self._result

    def wait(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Result:
        """Wait for its end. Raises CommandTimeout, and stops it, after `timeout` seconds."""
        end = time.monotonic() + timeout
        while (result := self.poll()) is None:
            left = end - time.monotonic()
            if left <= 0:
                self.stop()
                raise CommandTimeout(self._machine.name, self._argv, timeout)
            self._wait_for_news(min(left, 1.0 if not self._left else 0.01))
        return result

    def _wait_for_news(self, seconds: float) -> None:
        if self._channel.eof_received:  # a channel at its end is readable for ever
            self._channel.status_event.wait(seconds)
        else:
            select.select([self._channel], [], [], seconds)

    def stop(self) -> Result:
        """End the command and all that it started; return what it had said."""
        for signal in ("TERM", "KILL"):
            if self.poll() is not None:
                break
            self._kill(signal)
        if self._result is None:
            self._finish()
        assert self._result is not None
        return self._result

    def _kill(self, signal: str) -> None:
        pid = self._out.partition(b"\n")[0].decode()
        if pid.isdigit():
            self._machine.run("kill", f"-{signal}", "--", f"-{pid}", check=False)
        try:
            wait_until(
                WallClock(), lambda: self.poll() is not None, KILL_LIMIT_SECONDS, "its end", 0.05
            )
        except WaitedInVain:
            return  # the caller tries the next signal

    def _ended(self) -> bool:
        channel = self._channel
        # "Ready" it calls every closed channel. One whose connection broke has no status, and no
        # end of output either; a command that a signal ended has the latter.
        if channel.closed and channel.exit_status < 0 and not channel.eof_received:
            raise MachineError(
                f"{self._machine.name}: the connection broke while `{shlex.join(self._argv)}` ran"
            )
        return bool(channel.exit_status_ready() and channel.eof_received)

    def _pump(self) -> None:
        """Move what can be moved without waiting."""
        channel = self._channel
        try:
            while channel.recv_ready():
                self._out += channel.recv(_CHUNK)
            while channel.recv_stderr_ready():
                self._err += channel.recv_stderr(_CHUNK)
            self._feed()
        except OSError:
            return  # the far end closed: its status tells what happened
        if len(self._out) + len(self._err) > OUTPUT_LIMIT_BYTES and self._result is None:
            channel.close()
            raise OutputTooLong(self._machine.name, self._argv, OUTPUT_LIMIT_BYTES)

    def _feed(self) -> None:
        while self._left and self._channel.send_ready():
            self._left = self._left[self._channel.send(bytes(self._left[:_CHUNK])) :]
        if not self._left and self._input_open:
            self._input_open = False
            self._channel.shutdown_write()

    def _finish(self) -> None:
        self._pump()
        status = self._channel.recv_exit_status() if self._channel.exit_status_ready() else -1
        self._channel.close()
        self._result = Result(
            argv=self._argv,
            status=status,
            stdout=_text(self._out.partition(b"\n")[2]),
            stderr=_text(self._err),
            seconds=time.monotonic() - self._began,
        )


def _impatient(connection: socket.socket) -> socket.socket:
    """Have a connection break when its far end is gone without a word, as a dead machine is."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (
        (socket.TCP_KEEPIDLE, SILENCE_LIMIT_SECONDS // 2),
        (socket.TCP_KEEPINTVL, SILENCE_LIMIT_SECONDS // 6),
        (socket.TCP_KEEPCNT, 3),
        (socket.TCP_USER_TIMEOUT, SILENCE_LIMIT_SECONDS * 1000),
    ):
        connection.setsockopt(socket.IPPROTO_TCP, option, seconds)
    return connection


def _text(data: bytes | bytearray) -> str:
    return bytes(data).decode("utf-8", errors="surrogateescape")


def _as_bytes(data: bytes | str | None) -> bytes:
    return data.encode() if isinstance(data, str) else data or b""


def _try_to(action: Callable[[], Any]) -> None:
    try:
        action()
    except OSError:
        return  # what went wrong first matters more
