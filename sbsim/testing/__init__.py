"""sbsim's own fakes, for its tests and for other people's."""

from sbsim.testing.clock import FakeClock

__all__ = ["FakeClock"]
