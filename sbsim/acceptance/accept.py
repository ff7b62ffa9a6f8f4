"""The main job: every requirement in scope, judged by the suites, and one report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sbsim.acceptance.options import Options
from sbsim.acceptance.run import HANDED_OVER, Run
from sbsim.acceptance.variants import variants_of
from sbsim.bundle import bundle_folder
from sbsim.errors import SbsimError, UsageError
from sbsim.report import write
from sbsim.report.result import Result

# What is collected; suites that are not there yet are passed over.
SUITES = ("deploy", "operate", "claim")
# Tests of sbsim itself, not of the deployment.
NOT_ACCEPTANCE = "not breaks and not lab"


def accept(options: Options, quiet: bool = False) -> Result:
    """Run the acceptance, then what is judged on variants of the deployment; return the result.

    Raises UsageError, with nothing changed, if what was asked for cannot be; SbsimError if the
    suites themselves cannot be run.
    """
    run = Run(options)
    variants = variants_of(run)
    run.variants = {name: one.ids for name, one in variants.items()}
    result = _judge(run, quiet)
    for name, variant in variants.items():
        variant.run.progress(f"sbsim: now {', '.join(variant.ids)} on the deployment {name}")
        try:
            _judge(variant.run, quiet)
        finally:
            result = write(options.out, run.catalogue)
    return result


def _judge(run: Run, quiet: bool) -> Result:
    """One run of the suites on one deployment."""
    try:
        run.evidence.reset()
    except UsageError:
        raise
    except SbsimError as error:
        raise UsageError(f"{error}; give another folder with --out") from error
    ended = pytest.main(_arguments(run.options.out, quiet), plugins=[_Hand(run, HANDED_OVER)])
    if ended == pytest.ExitCode.INTERRUPTED and run.result is not None:
        raise KeyboardInterrupt  # the report is written all the same
    if ended == pytest.ExitCode.NO_TESTS_COLLECTED:
        return run.end_without_tests()
    if run.result is None:
        raise SbsimError(f"the suites could not be run (pytest ended with {int(ended)}); see above")
    return run.result


class _Hand:
    """Registers a run under its name before any other plugin is configured."""

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self._name = name

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._run, self._name)


def _arguments(out: Path, quiet: bool) -> list[str]:
    bundle = bundle_folder()
    suites = [str(path) for name in SUITES if (path := bundle / "suites" / name).is_dir()]
    return [
        *suites,
        # The suites' own settings, wherever the user stands and whatever lies there.
        f"--rootdir={bundle}",
        "-c", os.devnull,
        "--import-mode=importlib",
        "--strict-markers",
        "-p", "no:cacheprovider",
        "-p", "no:benchmark",
        "-m", NOT_ACCEPTANCE,
        "--no-header",
        "--tb=short",
        "-q" if not quiet else "-qq",
        f"--junitxml={out / 'junit.xml'}",
    ]  # fmt: skip
