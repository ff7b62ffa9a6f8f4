"""The lab's aims are told beside what was measured."""

from __future__ import annotations

from sbsim.lab.aims import COMMAND, RESTORE, Reached


def test_measured_steps_are_told_beside_their_aims() -> None:
    reached = Reached()
    reached.seconds[RESTORE] = 4.2345
    reached.seconds[COMMAND] = 0.0841
    assert str(reached) == (
        "restoring all machines took 4.23 s (aim 3 s), "
        "a command on a machine took 0.08 s (aim 0.1 s)"
    )


def test_what_was_not_measured_is_not_told() -> None:
    assert str(Reached()) == ""
