"""`sbsim vm|volume|snapshot|image|offering` and the new words of `ps`, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sbsim.management.management import Management

from .operated import prepared
from .test_cli import done, refused, run

__all__ = ["run"]

VM_KEYS = {"uuid", "name", "state", "host", "cluster", "image", "cpus", "memory", "never_stop",
           "volumes"}  # fmt: skip
VOLUME_KEYS = {"uuid", "name", "kind", "status", "state", "size", "actual", "format", "shareable",
               "thin", "storage", "install_path", "instances", "snapshots"}  # fmt: skip
CREATE = ("vm", "create", "vm-1", "--image", "guest", "--offering", "small")


@pytest.fixture
def sbsim(run: Any, management: Management, tmp_path: Path) -> Any:
    prepared(management, tmp_path)
    return run


def test_instance_lives_and_dies(sbsim: Any) -> None:
    shown = done(sbsim(*CREATE))
    assert "Running" in shown
    assert "vm-1-root" in shown
    done(sbsim("vm", "migrate", "vm-1", "--host", "host3"))
    assert "host3" in done(sbsim("vm", "list"))
    done(sbsim("vm", "reboot", "vm-1"))
    assert "Stopped" in done(sbsim("vm", "stop", "vm-1"))
    assert "Running" in done(sbsim("vm", "start", "vm-1", "--host", "host2"))
    assert "would be deleted; nothing was changed" in refused(sbsim("vm", "destroy", "vm-1"))
    assert "vm-1 is destroyed" in done(sbsim("vm", "destroy", "vm-1", "--yes"))
    assert done(sbsim("vm", "list")).strip() == "there is no instance"


def test_volume_and_snapshot_live_and_die(sbsim: Any) -> None:
    done(sbsim(*CREATE))
    done(sbsim("volume", "create", "disk-1", "--size", "64 MiB", "--storage", "PS-1"))
    done(sbsim("volume", "create", "disk-2", "--offering", "disk", "--shared"))
    assert "vm-1" in done(sbsim("volume", "attach", "disk-1", "--to", "vm-1"))
    assert "80 MiB" in done(sbsim("volume", "resize", "disk-1", "--size", "80 MiB"))
    assert "s-1" in done(sbsim("snapshot", "take", "s-1", "--volume", "disk-1"))
    assert "stop it first" in refused(sbsim("snapshot", "revert", "s-1", "--yes"))
    done(sbsim("volume", "detach", "disk-1"))
    assert "would be lost" in refused(sbsim("snapshot", "revert", "s-1"))
    done(sbsim("snapshot", "revert", "s-1", "--yes"))
    assert "s-1 is deleted" in done(sbsim("snapshot", "delete", "s-1", "--yes"))
    assert "disk-1 is deleted" in done(sbsim("volume", "delete", "disk-1", "--yes"))
    assert "NotInstantiated" in done(sbsim("volume", "show", "disk-2"))


def test_json_has_the_same_keys_always(sbsim: Any) -> None:
    assert json.loads(done(sbsim("vm", "list", "--json"))) == []
    assert set(json.loads(done(sbsim(*CREATE, "--json")))) == VM_KEYS
    (volume,) = json.loads(done(sbsim("volume", "list", "--json")))
    assert set(volume) == VOLUME_KEYS
    (image,) = json.loads(done(sbsim("image", "list", "--json")))
    assert image["storages"] == ["PS-1"]
    kinds = [one["kind"] for one in json.loads(done(sbsim("offering", "list", "--json")))]
    assert kinds == ["instance", "disk"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("vm", "start", "vm-2"), "no VM instance 'vm-2'; did you mean vm-1?"),
        (("vm", "show", "x"), "no VM instance 'x'; known: vm-1"),
        (("vm", "create", "v", "--image", "gest", "--offering", "small"), "mean guest?"),
        (("vm", "create", " v", "--image", "guest", "--offering", "small"), "blanks"),
        (("vm", "migrate", "vm-1", "--host", "host4"), "host of another cluster"),
        (("volume", "create", "d", "--size", "much"), "'much' is no size"),
        (("volume", "create", "d"), "either --size or --offering"),
        (("volume", "create", "d", "--size", "1 GiB", "--offering", "disk"), "either --size"),
        (("volume", "detach", "vm-1-root"), "is a root volume"),
        (("volume", "delete", "vm-1-root", "--yes"), "it goes with its instance"),
        (("snapshot", "revert", "s-9"), "no snapshot 's-9'; known: none yet"),
        (("image", "add", "guest", "/dev/null"), "expected a file of 1 byte"),
        (("image", "add", "other", "/nowhere"), "No such file"),
        (("image", "delete", "guest", "--yes"), "these volumes go on from it: vm-1-root"),
        (("offering", "add-instance", "big", "--memory", "1 KiB"), "the memory is 1024 bytes"),
        (("offering", "add-instance", "big", "--memory", "1 GiB", "--cpus", "0"), "expected 1 to"),
        (("ps", "maintain", "PS-1"), "these instances would be stopped: vm-1; nothing was changed"),
    ],
)
def test_what_cannot_be_is_refused_with_2(sbsim: Any, argv: tuple[str, ...], words: str) -> None:
    done(sbsim(*CREATE))
    before = done(sbsim("vm", "list", "--json")), done(sbsim("volume", "list", "--json"))
    assert words in refused(sbsim(*argv))
    assert before == (done(sbsim("vm", "list", "--json")), done(sbsim("volume", "list", "--json")))


def test_storage_is_disabled_enabled_and_maintained(sbsim: Any) -> None:
    done(sbsim(*CREATE))
    assert "Disabled" in done(sbsim("ps", "disable", "PS-1"))
    assert "PS-1 is Disabled; enable it first" in refused(
        sbsim("vm", "create", "vm-2", *CREATE[3:])
    )
    assert "Enabled" in done(sbsim("ps", "enable", "PS-1"))
    assert "Maintenance" in done(sbsim("ps", "maintain", "PS-1", "--yes"))
    assert "Stopped" in done(sbsim("vm", "show", "vm-1"))
    assert "leave maintenance first" in refused(sbsim("vm", "start", "vm-1"))


def test_local_storage_is_added_and_shown(sbsim: Any) -> None:
    shown = done(
        sbsim("ps", "add-local", "LS-1", "--path", "/zstack_ps/l", "--cluster", "cluster-1")
    )
    assert "LocalStorage" in shown
    assert "/zstack_ps/l" in shown
