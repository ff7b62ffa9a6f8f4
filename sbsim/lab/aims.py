"""What the lab's steps should take on 2 cores without KVM, beside what they took here."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Aim:
    """A step of the lab and the most that it should take, in seconds."""

    step: str
    seconds: float


IMAGE = Aim("the image", 120.0)
COLD_UP = Aim("booting and saving all machines", 60.0)
STORED_UP = Aim("bringing the saved machines up", 8.0)
RESTORE = Aim("restoring all machines", 3.0)
COMMAND = Aim("a command on a machine", 0.1)


@dataclass
class Reached:
    """The seconds measured for each aim, in the order in which they were reached.

    Example: ``str(reached)`` is "bringing the saved machines up took 6.1 s (aim 8 s)".
    """

    seconds: dict[Aim, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(
            f"{aim.step} took {_shown(seconds)} s (aim {_shown(aim.seconds)} s)"
            for aim, seconds in self.seconds.items()
        )


def _shown(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".") if seconds < 1 else f"{seconds:.3g}"
