"""Hosts and a platform on which operations with instances and volumes cannot go as they should."""

from __future__ import annotations

from sbsim.faults.breaks.pool import in_store, wrap
from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene

_EMULATOR = "/usr/bin/qemu-system-x86_64"


@named("state-stuck")
def state_stuck(scene: Scene) -> None:
    """The platform forgets at once that a storage was enabled again."""
    _undo_state(scene, "NEW.state = 'Enabled'")


@named("state-lost")
def state_lost(scene: Scene) -> None:
    """The platform forgets at once that a storage was disabled."""
    _undo_state(scene, "NEW.state = 'Disabled'")


@named("volumes-kept")
def volumes_kept(scene: Scene) -> None:
    """The platform's record of a volume cannot be removed."""
    in_store(
        scene,
        "CREATE TRIGGER kept BEFORE DELETE ON volume BEGIN SELECT RAISE(IGNORE); END",
    )


@named("lvcreate-fails")
def lvcreate_fails(scene: Scene) -> None:
    """The first host makes no logical volume."""
    wrap(scene.machine(1), "lvcreate", "echo '  lvcreate: broken' >&2\nexit 5")


@named("shared-is-exclusive")
def shared_is_exclusive(scene: Scene) -> None:
    """The second host takes exclusively what it is to share."""
    wrap(
        scene.machine(2),
        "lvchange",
        'for word; do shift; [ "$word" = sy ] && word=ey; set -- "$@" "$word"; done\n'
        'PATH=/usr/sbin:/usr/bin exec lvchange "$@"',
    )


@named("deactivation-idle")
def deactivation_idle(scene: Scene) -> None:
    """No host lets go of a volume, and each says that it did."""
    script = 'case " $* " in *" --activate n "*) exit 0 ;; esac\nPATH=/usr/sbin:/usr/bin exec'
    for number, _ in enumerate(scene.deployed.deployment.hosts, start=1):
        wrap(scene.machine(number), "lvchange", f'{script} lvchange "$@"')


@named("rebase-idle")
def rebase_idle(scene: Scene) -> None:
    """On the first host nothing is copied out of a snapshot that is deleted."""
    script = "case $1 in rebase) exit 0 ;; esac\nPATH=/usr/sbin:/usr/bin exec"
    wrap(scene.machine(1), "qemu-img", f'{script} qemu-img "$@"')


@named("folder-blocked")
def folder_blocked(scene: Scene) -> None:
    """On the second host a file lies where a local storage's folder should be."""
    scene.machine(2).write("/zstack_ps", b"a file\n")


@named("migration-blocked")
def migration_blocked(scene: Scene) -> None:
    """The second host's QEMU takes no instance that comes from elsewhere."""
    machine, real = scene.machine(2), f"{_EMULATOR}.real"
    machine.run("mv", _EMULATOR, real)
    script = f'case " $* " in *" -incoming "*) exit 1 ;; esac\nexec {real} "$@"'
    machine.write(_EMULATOR, f"#!/bin/sh\n{script}\n".encode(), mode=0o755)


def _undo_state(scene: Scene, when: str) -> None:
    in_store(
        scene,
        f"CREATE TRIGGER undone AFTER UPDATE OF state ON primary_storage WHEN {when} AND "
        "OLD.state <> NEW.state BEGIN UPDATE primary_storage SET state = OLD.state "
        "WHERE uuid = NEW.uuid; END",
    )
