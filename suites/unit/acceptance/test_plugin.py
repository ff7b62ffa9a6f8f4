"""The plugin as its users meet it: a pytest of its own, with a backend that has no machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sbsim.acceptance.workers import groups_are_kept

CONFTEST = """
from pathlib import Path
import pytest
from sbsim.acceptance.options import Options
from sbsim.acceptance.run import HANDED_OVER, Run
from sbsim.backends.backend import Traits
from sbsim.bundle import default_deployment
from sbsim.errors import LabError
from sbsim.machines import WallClock


class NoMachines:
    traits = Traits("none", frozenset({"machines", "disposable", "iscsi"}), False, False)
    clock = WallClock()
    machines = {}
    console_logs = None
    fails = False

    def up(self, progress):
        with Path("ups").open("ab") as file:
            file.write(b"+")
        if self.fails:
            raise LabError("host2 does not boot")

    def down(self):
        Path("down").touch()


class Bare(Run):
    def _backend(self):
        return NoMachines()

    def _record_sessions(self):
        pass


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    NoMachines.fails = Path("fails").exists()
    run = Bare(Options(default_deployment(), "lab", Path("out"), apply=False))
    config.pluginmanager.register(run, HANDED_OVER)
"""


@pytest.fixture
def with_run(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    return pytester


def run(pytester: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=body)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-q", *options)


def result(pytester: pytest.Pytester) -> dict[str, object]:
    found: dict[str, object] = json.loads((pytester.path / "out" / "result.json").read_text())
    return found


def status(pytester: pytest.Pytester, id: str) -> str:
    requirements = result(pytester)["requirements"]
    assert isinstance(requirements, dict)
    return str(requirements[id]["status"])


ONE_ROLE = """
import pytest

@pytest.mark.requirement("R2.3")
def test_role(machines, proves):
    proves("R2.3", "role", None, seen={seen!r}, wanted=["zstack-mn"])
"""


OUT_OF_SCOPE = """
import pytest

@pytest.mark.requirement("R1.3")
def test_alone(machines, proves):
    assert False

@pytest.mark.requirement("R1.3", "R2.3")
def test_beside_another(machines, proves):
    proves("R1.3", "acl", "openfiler", seen="nothing", wanted="something")
    proves("R2.3", "role", None, seen=["zstack-mn"], wanted=["zstack-mn"])
"""


def test_what_is_out_of_scope_is_neither_run_nor_judged(with_run: pytest.Pytester) -> None:
    done = run(with_run, OUT_OF_SCOPE, "-rs")
    done.assert_outcomes(passed=1, skipped=1)
    done.stdout.fnmatch_lines(["*out of scope without fc, pool*"])
    assert (status(with_run, "R1.3"), status(with_run, "R2.3")) == ("untested", "pass")


def test_without_a_backend_tests_that_need_machines_are_skipped(pytester: pytest.Pytester) -> None:
    done = run(pytester, "def test_a(machines): pass\ndef test_b(): pass\n", "-rs")
    done.assert_outcomes(passed=1, skipped=1)
    done.stdout.fnmatch_lines(["*give --sbsim-backend*"])


def test_unknown_backend_is_a_usage_error(pytester: pytest.Pytester) -> None:
    done = run(pytester, "def test_a(): pass\n", "--sbsim-backend", "moon")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*invalid choice: 'moon'*"])


def test_wrong_description_is_a_usage_error_without_traceback(pytester: pytest.Pytester) -> None:
    Path("bad.toml").write_text('name = "x"\nprofil = "y"\n')
    done = run(pytester, "def test_a(): pass\n", "--sbsim-backend", "lab",
               "--sbsim-deployment", "bad.toml")  # fmt: skip
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    text = done.stderr.str() + done.stdout.str()
    assert "line 2, profil" in text
    assert "Traceback" not in text


def test_markers_are_registered(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess("--markers")
    for name in ("requirement", "requires", "destructive", "slow"):
        done.stdout.fnmatch_lines([f"@pytest.mark.{name}*"])


def test_proven_requirement_passes(with_run: pytest.Pytester) -> None:
    run(with_run, ONE_ROLE.format(seen=["zstack-mn"])).assert_outcomes(passed=1)
    assert status(with_run, "R2.3") == "pass"
    assert (with_run.path / "down").exists()
    assert (with_run.path / "out" / "report.html").exists()


def test_other_fact_than_wanted_fails_the_requirement(with_run: pytest.Pytester) -> None:
    done = run(with_run, ONE_ROLE.format(seen=["zstack-mn", "host3"]))
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*wanted:*zstack-mn*", "*seen:*host3*"])
    assert status(with_run, "R2.3") == "fail"
    assert result(with_run)["verdict"] == "fail"


def test_passing_test_that_records_nothing_proves_nothing(with_run: pytest.Pytester) -> None:
    body = """
import pytest

@pytest.mark.requirement("R2.3")
def test_role(machines):
    pass
"""
    run(with_run, body).assert_outcomes(passed=1)
    assert status(with_run, "R2.3") == "inconclusive"


def test_unknown_probe_is_an_error(with_run: pytest.Pytester) -> None:
    body = ONE_ROLE.format(seen=[]).replace('"role"', '"colour"')
    done = run(with_run, body)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*gives R2.3 no probe 'colour'*"])


def test_failed_requirement_blocks_the_one_after_it_on_that_host_only(
    with_run: pytest.Pytester,
) -> None:
    body = """
import pytest

@pytest.mark.requirement("R3.9")
def test_later(host_name, machines, proves):
    proves("R3.9", "lun_list", host_name, seen=1, wanted=1)

@pytest.mark.requirement("R3.8")
def test_first(host_name, machines, proves):
    proves("R3.8", "sessions", host_name, seen=host_name, wanted="sharedblock-host2")
"""
    done = run(with_run, body, "-rs")
    # The order of the guide, not of the file: hosts 1 and 3 fail, and block the later test there.
    done.assert_outcomes(failed=2, passed=2, skipped=2)
    done.stdout.fnmatch_lines(["*blocked: R3.8 failed on sharedblock-host1*"])
    assert status(with_run, "R3.9") == "blocked"


def test_machines_that_do_not_come_up_block_everything_once(with_run: pytest.Pytester) -> None:
    Path("fails").touch()
    done = run(with_run, ONE_ROLE.format(seen=["zstack-mn"]))
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["sbsim: host2 does not boot"])
    assert status(with_run, "R2.3") == "blocked"
    assert result(with_run)["verdict"] == "inconclusive"


def test_capability_that_lacks_skips_the_test(with_run: pytest.Pytester) -> None:
    body = """
import pytest

@pytest.mark.requires("fc")
def test_fc(machines):
    assert False
"""
    run(with_run, body).assert_outcomes(skipped=1)


def test_destructive_test_does_not_run_where_nothing_is_applied(
    with_run: pytest.Pytester,
) -> None:
    body = "import pytest\n\n@pytest.mark.destructive\ndef test_it(machines):\n    assert False\n"
    run(with_run, body).assert_outcomes(skipped=1)


def test_workers_side_by_side_bring_one_set_of_machines_up(with_run: pytest.Pytester) -> None:
    """Slow: pytest-xdist starts two more interpreters."""
    pytest.importorskip("xdist")
    if not groups_are_kept():
        pytest.skip("pytest-xdist 3.8.0 keeps no groups under pytest 9.2")
    body = (
        ONE_ROLE.format(seen=["zstack-mn"])
        + """
@pytest.mark.parametrize("number", range(4))
def test_more(machines, number):
    pass

@pytest.mark.parametrize("number", range(4))
def test_without(number):
    pass
"""
    )
    with_run.makepyfile(test_it=body)
    done = with_run.runpytest_subprocess(
        "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup", "--html", "page.html"
    )
    done.assert_outcomes(passed=9)
    assert Path("ups").read_text() == "+"
    assert status(with_run, "R2.3") == "pass"
    requirements = result(with_run)["requirements"]
    assert isinstance(requirements, dict)
    assert requirements["R2.3"]["checks"] == ["test_it.py::test_role"]
    assert "test_more" in Path("page.html").read_text()


def test_workers_that_would_not_share_the_machines_are_refused(
    with_run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xdist")
    body = ONE_ROLE.format(seen=["zstack-mn"])
    done = run(with_run, body, "-n", "2")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*give --dist loadgroup with -n*"])
    monkeypatch.setattr("sbsim.acceptance.workers.groups_are_kept", lambda: False)
    done = run(with_run, body, "-n", "2", "--dist", "loadgroup")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*leave -n out*"])
    assert not Path("ups").exists()


def test_without_a_test_that_needs_them_machines_stay_down(with_run: pytest.Pytester) -> None:
    run(with_run, "def test_it(): pass\n").assert_outcomes(passed=1)
    assert not Path("ups").exists()
