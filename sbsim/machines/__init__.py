"""Machines: the one door through which anything is asked of a server."""

from sbsim.machines.clock import Clock, WallClock
from sbsim.machines.machine import Machine, Process, Result
from sbsim.machines.parallel import parallel

__all__ = ["Clock", "Machine", "Process", "Result", "WallClock", "parallel"]
