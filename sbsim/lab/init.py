"""PID 1 of a lab's namespaces: starts the keeper, reaps orphans, ends when the keeper ends.

When it ends the kernel ends every process of the pid namespace and takes the mounts, taps and
bridges with it. The keeper cannot be PID 1 itself: it would have to reap libvirt's own children.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Start the keeper with this process's arguments and wait for it."""
    keeper = os.fork()
    if keeper == 0:
        from sbsim.lab.keeper import run

        sys.exit(run(sys.argv[1:]))
    while True:
        pid, status = os.wait()
        if pid == keeper:
            return os.waitstatus_to_exitcode(status) & 255


if __name__ == "__main__":
    sys.exit(main())
