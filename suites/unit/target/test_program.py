"""The command line inside the zip: always one JSON object, never a traceback, never a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.target.program import COMMANDS, USAGE, run
from sbsim.target.results import Changes, Reading
from sbsim.target.server import Server
from suites.unit.target.arrays import array, few, lun
from suites.unit.target.kernel import Kernel, MemorySystem

WANTED = array(lun(0))
APPLY = {"owner": "me", "array": WANTED.to_json()}


def ask(server: Server, command: str, question: object = None) -> tuple[int, dict[str, Any]]:
    data = b"" if question is None else json.dumps(question).encode()
    status, answer = run([command], lambda: data, server)
    json.dumps(answer)
    return status, answer


@pytest.mark.parametrize("arguments", [[], ["wipe"], ["apply", "now"], ["--help"], ["APPLY"]])
def test_wrong_arguments_give_the_usage(arguments: list[str]) -> None:
    def stdin() -> bytes:
        raise AssertionError("nothing is read")

    assert run(arguments, stdin) == (2, {"error": USAGE})


def test_answers_are_read_by_the_other_side(server: Server) -> None:
    status, answer = ask(server, "apply", APPLY)
    assert status == 0
    changes = Changes.from_json(answer)
    assert changes
    assert str(changes.changes[0]) == answer["changes"][0]["text"]
    status, answer = ask(server, "read", {"array": array(lun(0), lun(1)).to_json()})
    assert Reading.from_json(answer).differences[0].name == "backstore block/lun-1"
    assert ask(server, "restore") == (0, {**Changes().to_json(), "others": answer["others"]})
    status, answer = ask(server, "remove", {"owner": "me"})
    assert Changes.from_json(answer).changes[-1].kind == "unit"


def test_failures_are_json_with_status_1(server: Server, system: MemorySystem) -> None:
    system.devices.clear()
    assert ask(server, "apply", APPLY) == (
        1,
        {"error": "LUN lun-0: /dev/disks/lun-0 is not there; attach the disk, or correct the path"},
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"{", "the input is no JSON (line 1)"),
        (b'\n\n{"password": "canary" x', "the input is no JSON (line 3)"),
        (b"\xff\xfd{}", "the input is no JSON (no UTF-8)"),
        (b"[]", "the input: expected an object, found list"),
        (b"{}", "owner: expected a value, found none"),
        (b'{"owner": "me", "array": 1}', "array: expected an object, found 1"),
        (b'{"owner": "me", "array": {"targets": []}, "force": true}', "force: unknown"),
    ],
)
def test_bad_input_is_named_and_not_shown(data: bytes, text: str, server: Server) -> None:
    status, answer = run(["apply"], lambda: data, server)
    assert status == 1
    assert text in answer["error"]
    assert "canary" not in answer["error"]


@few
@given(st.sampled_from(COMMANDS), st.binary() | st.from_regex(rb"[\[{]\"owner\": .*"))
def test_any_input_gets_an_answer(command: str, data: bytes) -> None:
    system = MemorySystem()
    system.folders.clear()  # LIO is not loaded: only reading and removing find a way
    server = Server(None, system)
    status, answer = run([command], lambda: data, server)
    assert status in (0, 1)
    assert ("error" in answer) == (status == 1)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError(13, "Permission denied", "/run/lock"), "/run/lock: permission denied"),
        (OSError(28, "No space left on device", "/var/x"), "/var/x: No space left on device"),
        (OSError(5, "Input/output error"), "the system: Input/output error"),
        (KeyError("x"), "defect of the target program: KeyError: 'x'"),
    ],
)
def test_whatever_goes_wrong_is_one_line(
    error: Exception, text: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(owner: object) -> None:
        raise error

    monkeypatch.setattr(server, "remove", fail)
    status, answer = ask(server, "remove")
    assert status == 1
    assert text in answer["error"]
    assert "\n" not in answer["error"]


def test_a_reading_masks_what_it_is_given() -> None:
    assert "canary" not in json.dumps(Reading(WANTED).to_json())


def test_secrets_never_come_out(server: Server, kernel: Kernel) -> None:
    said = [
        ask(server, "apply", APPLY),
        ask(server, "read", {"array": WANTED.to_json()}),
        ask(server, "read"),
        ask(server, "restore"),
        ask(server, "remove"),
    ]
    assert [status for status, _ in said] == [0] * 5
    assert "canary" not in json.dumps(said)
    assert kernel.state == {}
