"""The verdict in sentences, and the facts that stand beside it."""

from __future__ import annotations

from collections.abc import Iterable

from sbsim.report import quantity
from sbsim.report.recorded import Recorded
from sbsim.report.requirements import Wording
from sbsim.report.result import Result, was_cut_short
from sbsim.report.texts import words


def sentences(result: Result, recorded: Recorded) -> tuple[Wording, ...]:
    """What the verdict rests on: first the sentence with the counts, then what limits it."""
    return (*_counts(result, recorded), *_limits(result))


def headline(result: Result, recorded: Recorded) -> Wording:
    """The one sentence that goes with the verdict."""
    scope = len(result.scope)
    if failed := result.with_status("fail"):
        return words("some-fail", count=len(failed), scope=scope, ids=", ".join(failed))
    if result.tests.failed:
        return words("test-fails")
    if not scope:
        return words("nothing-in-scope")
    if was_cut_short(recorded):
        return words("cut-short")
    passed = len(result.with_status("pass"))
    return words("all-pass", count=scope) if passed == scope else words("none-fail")


def _counts(result: Result, recorded: Recorded) -> Iterable[Wording]:
    yield headline(result, recorded)
    passed = len(result.with_status("pass"))
    for status in ("blocked", "inconclusive", "untested"):
        if ids := result.with_status(status):
            yield words(f"count-{status}", count=len(ids), ids=", ".join(ids))
    if passed > 0 and (passed < len(result.scope) or result.verdict != "pass"):
        yield words("count-pass", count=passed)


def _limits(result: Result) -> Iterable[Wording]:
    if outside := len(result.requirements) - len(result.scope):
        yield words("outside", count=outside)
    if result.simulated:
        yield words("simulated-note")
    elif result.emulated:
        yield words("emulated-note")


def facts_of(result: Result, recorded: Recorded) -> tuple[tuple[Wording, Wording], ...]:
    """Name and value of what one must know of the run, both in both languages."""
    run = recorded.run
    plain = {
        "deployment": ", ".join([result.deployment, *run.variants]),
        "backend": result.backend,
        "profile": result.profile,
        "seed": "" if result.seed is None else str(result.seed),
        "started": quantity.moment(run.started),
        "duration": quantity.duration(result.seconds),
    }
    facts = {key: Wording(en=text, zh=text) for key, text in plain.items() if text}
    facts["machines-kind"] = words(_machines_kind(result))
    facts["mode"] = words("mode-no-apply" if run.no_apply else "mode-apply")
    facts["tests"] = words("tests-counts", **result.tests.model_dump())
    return tuple((words(key), text) for key, text in facts.items())


def _machines_kind(result: Result) -> str:
    if result.simulated:
        return "simulated"
    if result.emulated:
        return "emulated"
    return "virtual" if result.backend == "lab" else "real"
