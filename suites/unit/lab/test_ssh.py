"""`sbsim lab ssh`: a machine that does not answer is told of, not thrown at whoever asked."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sbsim import cli_lab
from sbsim.errors import MachineError


class Silent:
    """A lab whose machines take a connection and end it."""

    name = "quiet"

    def connect(self, machine: str, port: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        theirs.close()
        return ours


def test_machine_that_does_not_answer_is_named_with_its_console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SBSIM_CACHE", str(tmp_path))
    monkeypatch.setattr(cli_lab, "the_lab", lambda _name: Silent())
    with pytest.raises(MachineError, match=r"openfiler does not answer: .*console/openfiler\.log"):
        cli_lab.ssh("openfiler", ["true"])
