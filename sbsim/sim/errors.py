"""What the simulator itself refuses: these are never a simulated machine's own errors."""

from __future__ import annotations

from sbsim.errors import SbsimError


class NotSimulated(SbsimError):
    """A command, an option or a use of one that the simulator does not know.

    Loud on purpose: a silent success would be a lie about what a real machine does.
    """

    def __init__(self, machine: str, argv: tuple[str, ...], what: str, where: str) -> None:
        super().__init__(
            f"{machine}: the simulator knows no {what}, asked for by `{' '.join(argv)}`; teach it "
            f"that in {where}, from what a real machine answers"
        )
