"""The pytest plugin: options, markers, and the rules by which tests become requirements.

A test that asks for a fixture of `MACHINE_FIXTURES` needs machines. With ``--sbsim-backend`` they
are brought up once, before the first such test; without it those tests are skipped and everything
else runs. Works beside pytest-xdist: such tests are one group, so that workers share no lab by
accident (``-n N --dist loadgroup``).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.outcomes import Skipped

from sbsim.acceptance.options import BACKENDS, Options
from sbsim.acceptance.proof import Blocked, Proof
from sbsim.acceptance.run import HANDED_OVER, Run, default_out
from sbsim.acceptance.workers import check_workers
from sbsim.bundle import default_deployment
from sbsim.deployment import PROFILES, load
from sbsim.errors import LabError, SbsimError, UsageError
from sbsim.machines import Machine
from sbsim.report.records import Outcome

if TYPE_CHECKING:
    from sbsim.testing import LioKernel

MACHINE_FIXTURES = frozenset({"sbsim_run", "machines"})
PLATFORM_FIXTURE = "platform"
GROUP = "sbsim-machines"
_PARAMETERS = {
    "host_name": "hosts",
    "storage_name": "storage",
    "machine_name": "machines",
}

RUN = pytest.StashKey[Run | None]()
STARTED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add sbsim's options; all begin with --sbsim-."""
    group = parser.getgroup("sbsim", "Shared Block deployments")
    group.addoption("--sbsim-backend", choices=BACKENDS, help="where the machines are")
    group.addoption("--sbsim-deployment", type=Path, help="the description; the guide's if none")
    group.addoption("--sbsim-profile", choices=PROFILES, help="instead of the description's")
    group.addoption(
        "--sbsim-io-timeout", type=int, choices=range(1, 121), metavar="SECONDS",
        help="sanlock's, instead of the profile's",
    )  # fmt: skip
    group.addoption("--sbsim-seed", type=int, default=0, help="of whatever is drawn by chance")
    group.addoption(
        "--sbsim-all-steps", action="store_true", help="interrupt operations at every step"
    )
    group.addoption("--sbsim-out", type=Path, help="where report and evidence go")
    group.addoption("--sbsim-no-apply", action="store_true", help="only look, provision nothing")
    group.addoption("--sbsim-lab", help="the lab's name; the description's if none")
    group.addoption(
        "--sbsim-only",
        action="append",
        default=[],
        help="judge this chapter or requirement only (repeatable)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; read what the run is asked for."""
    for line in (
        "requirement(*ids): the guide's requirements that this test checks",
        "requires(*capabilities): what the backend must be able to do",
        "destructive: changes or wipes what it finds",
        "slow: takes longer than a few seconds; its docstring says why",
        "breaks: breaks or strains the deployment on purpose; no part of an acceptance",
        "long: left out by `./run test`, for want of minutes",
        "lab: makes labs of its own",
        # pytest-xdist's own; it is not needed, and may not be there to register it.
        "xdist_group(name): tests that share one worker",
    ):
        config.addinivalue_line("markers", line)
    config.stash[STARTED] = False
    try:
        config.stash[RUN] = _make_run(config)
        if config.stash[RUN] is not None:
            check_workers(config)
    except SbsimError as error:
        raise pytest.UsageError(str(error)) from error


def _make_run(config: pytest.Config) -> Run | None:
    options = config.option
    given = config.pluginmanager.get_plugin(HANDED_OVER)
    if isinstance(given, Run):
        given.progress = lambda text: _say(config, text)
        return given
    if options.sbsim_backend is None:
        return None
    out = options.sbsim_out or default_out()
    if not getattr(options, "xmlpath", None) and hasattr(options, "xmlpath"):
        options.xmlpath = str(out / "junit.xml")
    return Run(
        Options(
            deployment=options.sbsim_deployment or default_deployment(),
            backend=options.sbsim_backend,
            out=out,
            profile=options.sbsim_profile,
            io_timeout=options.sbsim_io_timeout,
            seed=options.sbsim_seed,
            apply=not options.sbsim_no_apply,
            lab=options.sbsim_lab,
            only=tuple(options.sbsim_only),
        ),
        progress=lambda text: _say(config, text),
    )


def _say(config: pytest.Config, text: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line(f"sbsim: {text}")
        reporter.flush()  # it may be long until pytest itself has something to write


# --- which tests ------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per host, storage server or machine for the fixtures that name one."""
    wanted = [name for name in _PARAMETERS if name in metafunc.fixturenames]
    if not wanted:
        return
    run = metafunc.config.stash[RUN]
    deployment = run.deployment if run else load(default_deployment())
    names = {
        "host_name": [host.name for host in deployment.hosts],
        "storage_name": [server.name for server in deployment.storage_servers],
        "machine_name": [machine.name for machine in deployment.machines],
    }
    for name in wanted:
        metafunc.parametrize(name, names[name], scope="session")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests that need machines on one worker; xdist looks when all is collected."""
    if needs_machines(item):
        item.add_marker(pytest.mark.xdist_group(GROUP))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order by requirement, so that what blocks comes before what it blocks."""
    run = config.stash[RUN]
    for item in items:
        if needs_machines(item):
            _mark_what_cannot_run(item, run)
    if run is not None:
        _leave_out_the_others(config, items, run)
        order = {one.id: place for place, one in enumerate(run.catalogue.in_order())}
        # Tests of no requirement come last: those that break the deployment are among them. What
        # needs the platform comes after all of those: they begin without one, and go back there.
        items.sort(
            key=lambda item: (
                PLATFORM_FIXTURE in getattr(item, "fixturenames", ()),
                max((order[id] for id in ids_of(item)), default=len(order)),
            )
        )


def _leave_out_the_others(config: pytest.Config, items: list[pytest.Item], run: Run) -> None:
    """Deselect the tests whose requirements were none of them asked for."""
    if not run.options.only:
        return
    asked = {one.id for one in run.catalogue.asked(run.options.only)}
    other = [item for item in items if ids_of(item) and not asked & set(ids_of(item))]
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]


def _mark_what_cannot_run(item: pytest.Item, run: Run | None) -> None:
    if run is None:
        item.add_marker(pytest.mark.skip(reason="needs machines: give --sbsim-backend"))
        return
    if item.get_closest_marker("destructive") and not run.options.apply:
        item.add_marker(pytest.mark.skip(reason="changes the machines: not with --sbsim-no-apply"))
    wanted = [one for mark in item.iter_markers("requires") for one in mark.args]
    missing = sorted(set(wanted) - run.capabilities)
    if missing:
        item.add_marker(pytest.mark.skip(reason=f"the backend lacks {', '.join(missing)}"))
    elif lacking := _lacking(item, run):
        reason = f"what it checks is out of scope without {', '.join(lacking)}"
        item.add_marker(pytest.mark.skip(reason=reason))


def _lacking(item: pytest.Item, run: Run) -> list[str]:
    """The capabilities for want of which none of a test's requirements is in scope."""
    known = [run.catalogue.requirement(id) for id in ids_of(item) if id in run.catalogue]
    lacking = [set(one.needs) - run.capabilities for one in known]
    return sorted(set().union(*lacking)) if all(lacking) else []


def needs_machines(item: pytest.Item) -> bool:
    """Whether a test asks for machines."""
    return bool(MACHINE_FIXTURES & set(getattr(item, "fixturenames", ())))


def name_of(item: pytest.Item) -> str:
    """The test's name in the evidence, without the group that xdist appends to it."""
    return item.nodeid.removesuffix(f"@{GROUP}")


def ids_of(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a test checks."""
    return tuple(id for mark in item.iter_markers("requirement") for id in mark.args)


def machine_of(item: pytest.Item) -> str | None:
    """The machine that a test was made for, None if it looks at several."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return next((str(parameters[name]) for name in _PARAMETERS if name in parameters), None)


# --- running ----------------------------------------------------------------------------------


def _start(run: Run, config: pytest.Config) -> None:
    """Bring the machines up, once, before the first test that needs them.

    Not when the session begins: every worker of pytest-xdist has one, and collects every test.
    """
    if not config.stash[STARTED]:
        config.stash[STARTED] = True
        try:
            run.start()
        except UsageError as error:
            pytest.exit(str(error), returncode=error.exit_status)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Do not ask what cannot be answered: the machines are broken, or an earlier id failed."""
    run = item.config.stash[RUN]
    if run is None or not needs_machines(item):
        return
    if run.broken is not None:
        raise Blocked(f"blocked: {run.broken}")
    reason = run.judging.blocker(ids_of(item), machine_of(item))
    if reason:
        raise Blocked(f"blocked: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Bring the machines up if need be; every command of a test is recorded under its name."""
    run = item.config.stash[RUN]
    if run is None:
        return (yield)
    if needs_machines(item):
        _start(run, item.config)
    with run.test(name_of(item)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record the outcome of a test and of the ids it checks."""
    report = yield
    run = item.config.stash[RUN]
    outcome = _outcome(call, report)
    if run is not None and call.excinfo and isinstance(call.excinfo.value, LabError):
        run.broken = run.broken or call.excinfo.value  # once is enough: the rest is blocked by it
    if run is not None and needs_machines(item) and outcome:
        ids, machine = ids_of(item), machine_of(item)
        run.evidence.test(
            test=name_of(item),
            requirements=ids,
            machine=machine,
            outcome=outcome,
            reason=_reason(call),
            seconds=call.duration,
        )
        run.judging.record(ids, machine, outcome)
    return report


def _outcome(call: pytest.CallInfo[None], report: pytest.TestReport) -> Outcome | None:
    error = call.excinfo
    if error is None:
        return "passed" if report.when == "call" and report.passed else None
    if error.errisinstance(Blocked):
        return "blocked"
    if error.errisinstance(Skipped):
        return "skipped"
    return "failed" if report.when == "call" else "error"


def _reason(call: pytest.CallInfo[None]) -> str | None:
    return str(call.excinfo.value).removeprefix("blocked: ") if call.excinfo else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Take the machines down and write the report."""
    run = session.config.stash.get(RUN, None)
    if run is None or not session.config.stash[STARTED]:
        return
    result = run.end(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
    if session.config.pluginmanager.get_plugin(HANDED_OVER) is None:  # else it is told by `accept`
        _say(
            session.config, f"verdict: {result.verdict}; report: {run.options.out / 'report.html'}"
        )


# --- fixtures ---------------------------------------------------------------------------------


@pytest.fixture(name="lio_kernel")
def lio_kernel_fixture() -> Iterator[LioKernel]:
    """A simulated LIO: rtslib and plain files see it while the test runs (docs/lio-kernel.md)."""
    from sbsim.testing import lio_kernel  # pyfakefs is heavy, and most runs do without

    with lio_kernel() as kernel:
        yield kernel


@pytest.fixture(scope="session")
def sbsim_run(request: pytest.FixtureRequest) -> Run:
    """The run: description, backend, evidence."""
    run = request.config.stash[RUN]
    if run is None:
        raise UsageError("this test needs machines: give --sbsim-backend")
    return run


@pytest.fixture(scope="session")
def machines(sbsim_run: Run) -> dict[str, Machine]:
    """Every machine by name; its commands are recorded."""
    return sbsim_run.machines


@pytest.fixture
def proves(request: pytest.FixtureRequest, sbsim_run: Run) -> Proof:
    """``proves(id, probe, machine, seen, wanted)``: record a fact and assert it."""
    return Proof(sbsim_run, name_of(request.node))
