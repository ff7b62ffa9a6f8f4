"""An instance moves to another host while it runs.

Both hosts have its volumes shared for the hand-over, and only then: before it the one has them
exclusively, after it the other.
"""

from __future__ import annotations

from typing import cast

from sbsim.management.allocation import host_for
from sbsim.management.chains import chains_of
from sbsim.management.entities import Host, InstanceState, VmInstance
from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.failing import undone_by
from sbsim.management.finding import find_in
from sbsim.management.instances import needs_of, settle, storages_of
from sbsim.management.management import Management
from sbsim.management.operation import Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import Act
from sbsim.management.using import let_go, take
from sbsim.sharedblock.volumes import Use

MIGRATE = "migrate"

ends(MIGRATE)(settle)


def migrate(management: Management, name: str, host: str | None = None) -> VmInstance:
    """Move a running instance to the host of that name, or the one with the fewest instances.

    Raises Refused where it cannot be; ManagementError where a host fails: the instance then runs
    on where it is.
    """
    recover(management)
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, name)
        if instance.state is not InstanceState.RUNNING:
            raise Refused(
                OPERATION_FAILED,
                f"cannot migrate {instance.name}: it is {instance.state}; expected Running",
            )
        source = find_in(rows, Host, cast(str, instance.host_uuid))
        storages = storages_of(rows, instance)
        to = host_for(
            rows, storages, host, Act.MIGRATE_INSTANCE, instance.cluster_uuid, but=source.uuid
        )
        operation = management.journal.claim(
            rows, MIGRATE, instance.uuid, needs=needs_of(rows, instance)
        )
        instance = rows.change(instance, state=InstanceState.MIGRATING)
        chains = chains_of(rows, instance).values()
    with management.journal.answering_for(operation):
        what = f"{instance.name} was not migrated to {to.name}"
        with undone_by(settle, management, operation, what):
            management.progress(f"migrating {instance.name} from {source.name} to {to.name}")
            take(management, source, chains, Use.SHARED)
            take(management, to, chains, Use.SHARED)
            management.journal.step(operation, "shared")
            management.instances(source).migrate(instance.uuid, to.name, to.address)
            management.journal.step(operation, "moved")
            let_go(management, source, chains, instance.uuid)
            take(management, to, chains)
        with management.store.transaction() as rows:
            instance = rows.change(instance, state=InstanceState.RUNNING, host_uuid=to.uuid)
            management.journal.end(rows, operation, Progress.DONE)
    return instance
