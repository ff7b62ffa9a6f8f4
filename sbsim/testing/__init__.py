"""Stand-ins that serve other people's tests too: a clock that never waits, a simulated LIO."""

from sbsim.testing.clock import FakeClock
from sbsim.testing.lio import LioKernel, lio_kernel

__all__ = ["FakeClock", "LioKernel", "lio_kernel"]
