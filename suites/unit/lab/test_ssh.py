"""`sbsim lab ssh`: a machine that does not answer is told of, not thrown at whoever asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
import typer

from sbsim import cli_lab
from sbsim.errors import MachineError


class Silent:
    """A lab whose machines take a connection and end it."""

    name = "quiet"

    def __init__(self) -> None:
        self.ours, theirs = socket.socketpair()
        theirs.close()

    def connect(self, machine: str, port: int) -> socket.socket:
        return self.ours


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("SBSIM_CACHE", str(tmp_path))
    lab = Silent()
    monkeypatch.setattr(cli_lab, "the_lab", lambda _name: lab)
    yield
    lab.ours.close()


def test_machine_that_does_not_answer_is_named_with_its_console(silent: None) -> None:
    with pytest.raises(MachineError, match=r"openfiler does not answer: .*console/openfiler\.log"):
        cli_lab.ssh("openfiler", ["true"])


def test_two_dashes_before_the_command_are_none_of_it(
    silent: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("start_client", "auth_publickey", "open_session"):
        monkeypatch.setattr(paramiko.Transport, name, lambda *_args, **_named: None)
    asked: list[object] = []
    monkeypatch.setattr(cli_lab, "_talk", lambda _channel, words: asked.append(words) or 7)
    for words in (["--", "ls", "-l"], ["ls", "--", "a"], None):
        with pytest.raises(typer.Exit) as ended:
            cli_lab.ssh("openfiler", words)
        assert ended.value.exit_code == 7
    assert asked == [["ls", "-l"], ["ls", "--", "a"], None]
