"""The smallest run worth judging: two hosts, six ids, one fact each; all of it right."""

from __future__ import annotations

from dataclasses import replace

from sbsim.report.recorded import Recorded
from sbsim.report.records import Check, End, Observation, Outcome, Run
from sbsim.report.requirements import Catalogue, Chapter, Probe, Requirement
from sbsim.report.result import Result

HOSTS = ("host1", "host2")


def requirement(number: int, needs: str = "machines", after: tuple[str, ...] = ()) -> Requirement:
    return Requirement(
        id=f"R1.{number}",
        chapter="1",
        text_en="x",
        text_zh="某",
        needs=(needs,),
        probes=(Probe(fact="fact", on="hosts"),),
        after=after,
    )


CATALOGUE = Catalogue(
    chapters=(Chapter(id="1", title_en="One", title_zh="一"),),
    requirements=(
        requirement(1),
        requirement(2, after=("R1.1",)),
        requirement(3, after=("R1.2",)),
        requirement(4, needs="pool"),
        requirement(5, needs="pool", after=("R1.4",)),
        requirement(6, after=("R1.4",)),
    ),
)
IN_SCOPE = ("R1.1", "R1.2", "R1.3", "R1.6")
RUN = Run(
    backend="lab",
    profile="stock",
    seed=1,
    emulated=True,
    simulated=False,
    capabilities=("machines",),
    deployment={
        "name": "two",
        "management_node": {"name": "mn"},
        "hosts": [{"name": host} for host in HOSTS],
        "storage_servers": [{"name": "storage"}],
    },
    command="sbsim accept",
    started=100.0,
)


def see(id: str, host: str | None, ok: bool | None = True, fact: str = "fact") -> Observation:
    return Observation(test=f"t[{id}]", requirement=id, probe=fact, machine=host, ok=ok)


def check(
    *ids: str, outcome: Outcome = "passed", machine: str | None = None, test: str | None = None
) -> Check:
    name = test or f"t[{','.join(ids)}]"
    reason = None if outcome == "passed" else f"why it {outcome}\nand more"
    return Check(test=name, requirements=ids, machine=machine, outcome=outcome, reason=reason)


GOOD = Recorded(
    run=RUN,
    end=End(seconds=9.5),
    checks=tuple(check(id) for id in IN_SCOPE),
    observations=tuple(see(id, host) for id in IN_SCOPE for host in HOSTS),
)


def with_seen(recorded: Recorded, *seen: Observation) -> Recorded:
    """The same, other observations in place of those of the same fact and machine."""
    keys = {(one.requirement, one.probe, one.machine) for one in seen}
    kept = [
        one
        for one in recorded.observations
        if (one.requirement, one.probe, one.machine) not in keys
    ]
    return replace(recorded, observations=(*kept, *seen))


def without(recorded: Recorded, id: str, host: str | None = None) -> Recorded:
    kept = [
        one
        for one in recorded.observations
        if one.requirement != id or (host is not None and one.machine != host)
    ]
    return replace(recorded, observations=tuple(kept))


def with_checks(recorded: Recorded, *checks: Check) -> Recorded:
    """The same, other checks in place of those with the same name."""
    names = {one.test for one in checks}
    kept = [one for one in recorded.checks if one.test not in names]
    return replace(recorded, checks=(*kept, *checks))


def told(result: Result, id: str) -> tuple[str, str | None]:
    return result.requirements[id].status, result.requirements[id].reason
