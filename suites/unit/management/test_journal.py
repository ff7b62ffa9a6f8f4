from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sbsim.management import attachment, owner, reconnection
from sbsim.management.entities import HostRef, Status
from sbsim.management.errors import Refused
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import recover

from .fake_san import FakeSan
from .plane import added, plane, statuses


class Broken(BaseException):
    """Not an error that an operation foresees, as an interrupt is not."""


def operations(management: Management) -> list[Operation]:
    with management.store.transaction() as rows:
        return rows.all(Operation)


def test_this_process_is_alive_and_others_are_not() -> None:
    me = owner.this_process()
    assert owner.alive(str(me))
    assert not owner.alive(f"{me.pid}:{me.start + 1}:{me.boot_id}")
    assert not owner.alive(f"{me.pid}:{me.start}:another-boot")
    assert not owner.alive("")
    assert not owner.alive("no owner")


def test_killed_process_is_dead_before_and_after_it_is_reaped() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        start = owner._start_of(child.pid)
        text = f"{child.pid}:{start}:{owner.this_process().boot_id}"
        assert owner.alive(text)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not owner.alive(text)
    assert not owner.alive(text)


def test_operation_of_someone_alive_is_waited_for(management: Management) -> None:
    storage = added(management)
    with management.store.transaction() as rows:
        management.journal.claim(rows, "attach", storage.uuid, hosts=[])
    other = plane(management.store, FakeSan(()), me="other", start=500)
    for refused in (
        lambda: attachment.attach_to_cluster(other, "PS-1", "cluster-1"),
        lambda: _delete(other, storage.uuid),
    ):
        with pytest.raises(Refused, match=r"SYS\.1006: another operation is under way: attach"):
            refused()
    assert [one.progress for one in operations(management)][-1] is Progress.RUNNING


def _delete(management: Management, uuid: str) -> None:
    from sbsim.management.primary_storage import delete

    delete(management, uuid)


def test_interrupted_attach_is_undone_by_the_next_who_comes(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    san.errors["host3", "connect"] = Broken()  # type: ignore[assignment]
    with pytest.raises(Broken):
        attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    assert len(statuses(management, storage)) == 3
    assert set(san.joined["lun-1"]) >= {"host1"}
    san.errors.clear()
    other = plane(management.store, san, me="other", start=500)
    assert [one.kind for one in recover(other)] == ["attach"]
    assert san.joined == {"lun-1": {}}
    assert statuses(management, storage) == []
    assert operations(management)[-1].progress is Progress.UNDONE
    assert recover(other) == []


def test_interrupted_detach_is_finished(management: Management, san: FakeSan) -> None:
    storage = added(management)
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    san.errors["host2", "disconnect"] = Broken()  # type: ignore[assignment]
    with pytest.raises(Broken):
        attachment.detach_from_cluster(management, "PS-1", "cluster-1")
    san.errors.clear()
    recover(management)
    assert san.joined == {"lun-1": {}}
    assert statuses(management, storage) == []
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")


def test_interrupted_reconnect_leaves_nobody_connecting(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    san.errors["host2", "connect"] = Broken()  # type: ignore[assignment]
    with pytest.raises(Broken):
        reconnection.reconnect(management, "PS-1")
    san.errors.clear()
    assert {text for _, text in statuses(management, storage)} == {"Connecting"}
    recover(management)
    assert {text for _, text in statuses(management, storage)} == {"Disconnected"}
    assert reconnection.reconnect(management, "PS-1").connected == ("host1", "host2", "host3")
    with management.store.transaction() as rows:
        assert {ref.status for ref in rows.all(HostRef)} == {Status.CONNECTED}


def test_dead_owner_is_taken_over_once(management: Management) -> None:
    storage = added(management)
    first = plane(management.store, FakeSan(()), me="dead", start=500)
    with first.store.transaction() as rows:
        first.journal.claim(rows, "attach", storage.uuid, hosts=[])
    one = plane(management.store, FakeSan(()), me="one", dead=("dead",), start=600)
    two = plane(management.store, FakeSan(()), me="two", dead=("dead",), start=700)
    assert [row.owner for row in one.journal.take_over()] == ["one"]
    assert two.journal.take_over() == []
