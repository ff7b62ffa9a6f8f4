"""libvirt's connections end before the process does."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from sbsim.kvm import hypervisor

class Connection:
    def close(self):
        print("closed")

hypervisor.open_connection = lambda machine: Connection()
hypervisors = hypervisor.Hypervisors(lambda name: name)
hypervisors("host1")
hypervisors._keep_me = hypervisors  # a ring, as of whatever is still there when a process ends
print("the end")
"""


def test_connections_are_closed_while_the_process_can_still_carry_their_goodbye() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["the end", "closed"]
