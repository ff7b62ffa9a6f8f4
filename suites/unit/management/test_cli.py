from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sbsim import cli_answers
from sbsim.cli import app
from sbsim.errors import MachineError, SbsimError, UsageError
from sbsim.management.management import Management

from .fake_san import DISK, SECOND_DISK, FakeSan

KEYS = {"uuid", "name", "kind", "description", "zone", "state", "status", "total", "available",
        "vg_uuid", "clusters", "disks", "path", "hosts"}  # fmt: skip
ADD = ("ps", "add", "PS-1", "--disk", DISK, "--cluster", "cluster-1")


@pytest.fixture
def run(management: Management, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(cli_answers, "reopen", lambda lab, progress: (None, management))

    def call(*argv: str) -> Result:
        return CliRunner().invoke(app, argv)

    return call


def done(result: Result) -> str:
    assert result.exception is None, result.exception
    return result.stdout


def refused(result: Result, status: int = 2) -> str:
    assert isinstance(result.exception, SbsimError)
    assert result.exception.exit_status == status
    return str(result.exception)


def test_without_a_deployment_it_says_how_to_start_one() -> None:
    result = CliRunner().invoke(app, ["ps", "list", "--lab", "mine"])
    assert isinstance(result.exception, UsageError)
    assert "no lab 'mine' is up; start one: sbsim provision" in refused(result)


def test_storage_is_added_attached_and_shown(run: Any) -> None:
    result = run(*ADD, "--description", "for [b]tests[/b]", "--disk", SECOND_DISK)
    shown = done(result)
    for word in ("PS-1", "Connected", "host3", SECOND_DISK, "35.00 GiB of 36.00 GiB"):
        assert word in shown
    assert "for [b]tests[/b]" in shown
    assert "… connecting host1 first" in result.stderr
    assert "…" not in shown
    listed = done(run("ps", "list"))
    assert "3 of 3" in listed
    assert "cluster-1" in listed


def test_json_has_the_same_keys_always_and_nothing_else_on_stdout(run: Any) -> None:
    added = json.loads(done(run(*ADD, "--json")))
    assert set(added) == KEYS
    assert json.loads(done(run("ps", "list", "--json"))) == [added]
    assert json.loads(done(run("ps", "show", "PS-1", "--json"))) == added
    assert added["hosts"][0] == {"host": "host1", "host_id": 1, "status": "Connected"}
    assert added["status"] == "Connected"
    assert added["disks"] == [DISK]
    hosts = json.loads(done(run("host", "list", "--json")))
    assert hosts[0]["storages"] == ["PS-1"]
    clusters = json.loads(done(run("cluster", "list", "--json")))
    assert clusters[0]["hosts"] == ["host1", "host2", "host3"]


def test_wipe_is_not_asked_for_without_yes(run: Any, san: FakeSan) -> None:
    said = refused(run(*ADD, "--wipe"))
    assert f"what is on {DISK} would be cleared" in said
    assert "nothing was changed" in said
    assert san.calls == []
    assert json.loads(done(run("ps", "list", "--json"))) == []
    done(run(*ADD, "--wipe", "--yes"))
    assert san.requests[0].wipe


def test_detach_and_delete_need_yes(run: Any, san: FakeSan) -> None:
    done(run(*ADD))
    assert "would be disconnected" in refused(run("ps", "detach", "PS-1", "--cluster", "cluster-1"))
    assert len(san.joined["lun-1"]) == 3
    assert "still attached" in refused(run("ps", "delete", "PS-1", "--yes"))
    done(run("ps", "detach", "PS-1", "--cluster", "cluster-1", "--yes"))
    assert "would be forgotten" in refused(run("ps", "delete", "PS-1"))
    assert "PS-1" in done(run("ps", "list"))
    assert "PS-1 is deleted" in done(run("ps", "delete", "PS-1", "--yes"))
    assert "no storage is added" in done(run("ps", "list"))


def test_delete_of_unknown_names_it(run: Any) -> None:
    assert "no primary storage 'PS-9'" in refused(run("ps", "delete", "PS-9", "--yes"))


def test_attach_and_reconnect_show_the_storage(run: Any, san: FakeSan) -> None:
    done(run("ps", "add", "PS-1", "--disk", DISK, "--zone", "zone-1"))
    done(run("ps", "attach", "PS-1", "--cluster", "cluster-2"))
    done(run("ps", "attach", "PS-1", "--cluster", "cluster-1"))
    san.errors["host4", "connect"] = MachineError("host4: no path")
    result = run("ps", "reconnect", "PS-1")
    assert "not connected: host4: no path" in result.stderr
    assert "Disconnected" in done(result)


def test_failed_attach_ends_with_1(run: Any, san: FakeSan) -> None:
    san.errors["host2", "connect"] = MachineError("host2: no path")
    assert "PS.1001" in refused(run(*ADD), status=1)


def test_zone_must_be_said_where_there_are_several(run: Any) -> None:
    assert "2 zones; say which" in refused(run("ps", "add", "PS-1", "--disk", DISK))


def test_candidates_have_their_columns_uncut(run: Any) -> None:
    shown = done(run("ps", "candidates", "--cluster", "cluster-1"))
    for word in ("WWID", "VENDOR", "MODEL", "WWN", "HCTL", "TYPE", "CAPACITY", "PATH", DISK,
                 "LIO-ORG", "2:0:0:1", "20.00 GiB", "ip-172.20.12.221:3260-lun-1"):  # fmt: skip
        assert word in shown
    found = json.loads(done(run("ps", "candidates", "--cluster", "cluster-1", "--json")))
    assert [one["wwid"] for one in found] == [DISK, SECOND_DISK]
    assert found[0]["size"] == 20 * 2**30


def test_host_add_says_what_was_installed(
    management: Management, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    missing = {"host1": ("lvm2", "sanlock")}
    installing = replace(management, install=lambda name: missing.pop(name, ()))
    monkeypatch.setattr(cli_answers, "reopen", lambda lab, progress: (None, installing))
    argv = ["host", "add", "host1", "--cluster", "cluster-1"]
    assert "installed lvm2, sanlock" in done(CliRunner().invoke(app, argv))
    again = json.loads(done(CliRunner().invoke(app, [*argv, "--json"])))
    assert (again["name"], again["installed"]) == ("host1", [])
