"""Backends: each makes a description's machines exist, and says what they can do."""

from sbsim.backends.backend import Backend
from sbsim.backends.lab import LabBackend
from sbsim.backends.sim import SimBackend

__all__ = ["Backend", "LabBackend", "SimBackend"]
