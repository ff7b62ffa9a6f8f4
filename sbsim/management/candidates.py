"""The LUNs that could be added to a storage: those that every host of a cluster sees (R4.14)."""

from __future__ import annotations

from sbsim.management.asking import ask, listed
from sbsim.management.disk_names import bare
from sbsim.management.entities import Cluster, Host, SharedBlock
from sbsim.management.errors import OPERATION_FAILED, ManagementError, Refused
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.sharedblock.request import Candidate


def candidates(management: Management, cluster: str) -> tuple[Candidate, ...]:
    """The LUNs that every host of a cluster sees and no storage has, as its first host sees them.

    Raises Refused for a cluster without hosts, ManagementError if a host cannot tell.
    """
    with management.store.transaction() as rows:
        found = find_in(rows, Cluster, cluster)
        hosts = rows.all(Host, cluster_uuid=found.uuid)
        used = {bare(block.disk_id) for block in rows.all(SharedBlock)}
    if not hosts:
        raise Refused(
            OPERATION_FAILED, f"{found.name} has no host that could be asked; add one first"
        )
    answers, errors = ask(hosts, lambda host: management.agent(host).candidates())
    if errors:
        raise ManagementError(
            OPERATION_FAILED,
            f"the LUNs that every host of {found.name} sees cannot be told: {listed(errors)}",
        )
    views = [{candidate.wwid: candidate for candidate in reversed(seen)}
             for seen in answers.values()]  # fmt: skip
    return tuple(
        candidate
        for candidate in reversed(views[0].values())
        if all(candidate.wwid in view for view in views) and not used & _names(candidate)
    )


def _names(candidate: Candidate) -> set[str]:
    """Every id by which a user may have named the LUN, without prefixes."""
    return {bare(candidate.wwid), bare(candidate.wwn)} - {""}
