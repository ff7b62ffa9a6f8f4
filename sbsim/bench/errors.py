"""What can be wrong with measurements."""

from __future__ import annotations

from sbsim.errors import SbsimError, UsageError


class UnreadableFio(SbsimError):
    """What fio printed is no result; `source` names where it came from."""

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        super().__init__(
            f"{source}: {problem}; expected the output of fio --output-format=json+, run it again"
        )


class FioFailed(SbsimError):
    """Fio ran, and a job of it did not do what was asked."""


class UnreadableSeries(UsageError):
    """A file of kept measurements is none."""


class TooFewPairs(SbsimError):
    """There is too little to say anything."""


class UnfitJobFile(UsageError):
    """A job file of the user's own asks for what a measurement must not do."""


class NoFio(SbsimError):
    """A machine that is to be measured has no fio."""


class NoSuchLayer(SbsimError):
    """A layer that was to be measured is not there."""


class WroteBeside(SbsimError):
    """Bytes outside the region that was measured are no longer what they were."""
