"""What the simulator itself refuses: these are never a simulated machine's own errors."""

from __future__ import annotations

from collections.abc import Collection

from sbsim.errors import SbsimError, UsageError


class NotSimulated(SbsimError):
    """A command, an option or a use of one that the simulator does not know.

    Loud on purpose: a silent success would be a lie about what a real machine does.
    """

    def __init__(self, machine: str, argv: tuple[str, ...], what: str, where: str) -> None:
        super().__init__(
            f"{machine}: the simulator knows no {what}, asked for by `{' '.join(argv)}`; teach it "
            f"that in {where}, from what a real machine answers"
        )


class UnknownRelease(UsageError):
    """A release of an operating system that the simulator has no machine of."""

    def __init__(self, release: str, known: Collection[str]) -> None:
        super().__init__(
            f"os_release: the simulator has no machines of {release!r}; expected one of "
            f"{', '.join(known)}"
        )
