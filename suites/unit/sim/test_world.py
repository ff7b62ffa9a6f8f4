"""A simulated world that is kept and gone back to: complete, and its own."""

from __future__ import annotations

import gc
import inspect
import ipaddress
import types
from typing import Any

import pytest

from sbsim.backends.sim import SimBackend
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import LabError
from sbsim.initiator import direct_writer
from sbsim.sharedblock import lvm_report
from sbsim.sim.world import World

from .pooled import VG, backend, connect, quiet

assert backend  # a fixture

# What nobody changes, or what is everybody's.
SHARED = (
    type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType, str,
    bytes, int, float, frozenset, ipaddress.IPv4Address, ipaddress.IPv4Network,
)  # fmt: skip


def told(backend: SimBackend) -> list[str]:
    """What the hosts say of the pool, and when that is."""
    rows = []
    for name in ("sharedblock-host1", "sharedblock-host2"):
        machine = backend.machines[name]
        for argv in (
            lvm_report.argv("vgs", lvm_report.VG_FIELDS),
            lvm_report.argv("pvs", lvm_report.PV_FIELDS),
            ("lvmlockctl", "--info"),
            ("sanlock", "client", "gets"),
            ("iscsiadm", "-m", "session"),
            ("find", "/dev/disk/by-id", "/dev/disk/by-path", "-type", "l"),
            ("date", "+%s"),
        ):
            done = machine.run(*argv, check=False)
            rows += [" ".join(argv), done.stdout, done.stderr, str(done.seconds)]
    return rows


def go_on(backend: SimBackend) -> list[str]:
    """Change all that there is, and tell how that went."""
    backend.clock.sleep(100.0)
    connect(backend, "sharedblock-host1", 1, first=True)
    connect(backend, "sharedblock-host2", 2, first=False)
    rows = told(backend)
    host = backend.machines["sharedblock-host2"]
    host.write("/etc/hosts", b"")
    host.run("iscsiadm", "-m", "session", "--logout", check=False)
    backend.power("sharedblock-host1", on=False)
    deployment = load(default_deployment())
    server = deployment.storage_servers[0]
    backend.resize_disk(server.name, server.targets[0].luns[0].device, 2**34)
    backend.link("sharedblock-host3", deployment.links[0].name, up=False)
    backend.clock.sleep(1000.0)
    backend.power("sharedblock-host1", on=True)
    return rows + told(backend)


def test_world_goes_on_from_a_kept_state_as_it_did_the_first_time(backend: SimBackend) -> None:
    before = told(backend)
    backend.save("a", quiet)
    first = go_on(backend)
    for _ in range(2):
        backend.restore("a", quiet)
        assert go_on(backend) == first
    backend.restore("a", quiet)
    # The asking took its time, as it had then.
    assert [one for one in told(backend) if not one.strip().isdigit()] == [
        one for one in before if not one.strip().isdigit()
    ]


def test_lock_space_that_was_kept_is_renewed_after_going_back(backend: SimBackend) -> None:
    connect(backend, "sharedblock-host1", 1, first=True)
    backend.save("a", quiet)
    backend.power("sharedblock-host1", on=False)
    backend.clock.sleep(500.0)
    backend.restore("a", quiet)
    backend.clock.sleep(500.0)
    gets = backend.machines["sharedblock-host1"].run("sanlock", "client", "gets").stdout
    assert gets.startswith(f"s lvm_{VG}:1:")
    connect(backend, "sharedblock-host2", 2, first=False)


def test_store_goes_back_with_the_world(backend: SimBackend) -> None:
    backend.save("without", quiet)
    backend.store.write_bytes(b"one")
    backend.save("with", quiet, version="2")
    backend.store.write_bytes(b"two")
    backend.restore("with", quiet)
    assert backend.store.read_bytes() == b"one"
    backend.restore("without", quiet)
    assert not backend.store.exists()
    assert (backend.has("with", "2"), backend.has("with"), backend.has("else")) == (
        True, False, False,
    )  # fmt: skip
    backend.forget("with")
    with pytest.raises(LabError, match="no state 'with' of the simulated world was kept"):
        backend.restore("with", quiet)


def test_world_in_which_a_program_runs_is_not_kept(backend: SimBackend) -> None:
    machine = backend.machines["sharedblock-host1"]
    source = inspect.getsource(direct_writer)
    process = machine.start("python3", "-c", source, "/dev/sda", "0", "8", "/run/told.json")
    with pytest.raises(LabError, match="a program is still running in the simulated world"):
        backend.save("a", quiet)
    process.stop()
    backend.save("a", quiet)


def reachable(root: Any, stops: set[int]) -> set[int]:
    """The ids of everything that can be reached, but through what is to stop at."""
    seen: set[int] = set()
    left = [root]
    while left:
        one = left.pop()
        if id(one) in seen or id(one) in stops or isinstance(one, SHARED) or one is None:
            continue
        seen.add(id(one))
        left += gc.get_referents(one)
    return seen


def test_kept_state_shares_nothing_that_changes_with_the_world(backend: SimBackend) -> None:
    connect(backend, "sharedblock-host1", 1, first=True)
    world: World = backend._world
    kept = world.keep()
    fixed = [world, world.clock, world.network, *world.machines.values()]
    stops = {id(one) for one in fixed}
    mine = reachable(kept, stops)
    live = set().union(*(reachable(vars(one), stops) for one in world.machines.values()))
    shared = mine & live
    mutable = [
        one for one in gc.get_objects()
        if id(one) in shared and not isinstance(one, tuple) and not _frozen(one)
    ]  # fmt: skip
    assert mutable == []
    assert len(mine) > 1000


def _frozen(one: Any) -> bool:
    params = getattr(type(one), "__dataclass_params__", None)
    return params is not None and bool(params.frozen)
