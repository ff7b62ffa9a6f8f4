from __future__ import annotations

from sbsim.acceptance.judging import Judging
from sbsim.report.requirements import Catalogue, Chapter, Requirement


def catalogue() -> Catalogue:
    def one(id: str, *after: str) -> Requirement:
        return Requirement(
            id=id, chapter="1", text_en=id, text_zh=id, needs=("machines",), after=after
        )

    chapter = Chapter(id="1", title_en="One", title_zh="一")
    return Catalogue(
        chapters=(chapter,), requirements=(one("R1.1"), one("R1.2", "R1.1"), one("R1.3", "R1.2"))
    )


def test_nothing_is_blocked_at_first() -> None:
    assert Judging(catalogue()).blocker(["R1.1", "R1.2"], "host1") is None


def test_failure_on_a_machine_blocks_what_comes_after_it_there_only() -> None:
    judging = Judging(catalogue())
    judging.record(["R1.1"], "host1", "failed")
    assert judging.blocker(["R1.2"], "host1") == "R1.1 failed on host1"
    assert judging.blocker(["R1.2"], "host2") is None
    assert judging.blocker(["R1.3"], "host1") is None


def test_blocked_id_blocks_the_next() -> None:
    judging = Judging(catalogue())
    judging.record(["R1.2"], "host1", "blocked")
    assert judging.blocker(["R1.3"], "host1") == "R1.2 is blocked on host1"


def test_failure_of_the_whole_blocks_every_machine() -> None:
    judging = Judging(catalogue())
    judging.record(["R1.1"], None, "error")
    assert judging.blocker(["R1.2"], "host2") == "R1.1 failed"


def test_check_of_all_machines_is_blocked_by_one() -> None:
    judging = Judging(catalogue())
    judging.record(["R1.1"], "host2", "failed")
    assert judging.blocker(["R1.2"], None) == "R1.1 failed on host2"


def test_passed_and_skipped_block_nothing() -> None:
    judging = Judging(catalogue())
    judging.record(["R1.1"], "host1", "passed")
    judging.record(["R1.1"], "host1", "skipped")
    assert judging.blocker(["R1.2"], "host1") is None
