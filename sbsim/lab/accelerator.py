"""Whether KVM works here: found out by booting a guest, never by trusting /dev/kvm.

A device file proves nothing: under some nested hypervisors stock kernels hang as soon as they run
with KVM (facts: lab, section 1). The guest is the image's own kernel and initramfs without disks;
init.sh then says what it lacks, and that line is the proof.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from sbsim.lab.domains import QEMU
from sbsim.lab.folder import cache_folder

LIMIT_SECONDS = 5.0
PROOF = b"sbsim-init: no disk with serial sbsim-root"


def kvm_works(image: Path) -> bool:
    """Whether a guest really boots under KVM. The answer is kept until this machine reboots."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    key = [Path("/proc/sys/kernel/random/boot_id").read_text().strip(), image.name]
    memory = cache_folder() / "kvm.json"
    try:
        kept = json.loads(memory.read_text())
        if kept["key"] == key:
            return bool(kept["works"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing kept, or nothing that can be used: ask again
    works = _boots(image)
    memory.write_text(json.dumps({"key": key, "works": works}))
    return works


def _boots(image: Path) -> bool:
    argv = [QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256", "-serial", "stdio",
            "-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initramfs"),
            "-append", "console=ttyS0 panic=-1"]  # fmt: skip
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_SECONDS, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return False
    return PROOF in done.stdout
