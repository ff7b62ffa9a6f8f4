"""What may lie on a LUN before it is added to a storage, made with the tools that make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sbsim.deployment import Host, Lun
from sbsim.errors import UsageError
from sbsim.machines import Machine, parallel
from sbsim.machines.packages import Packages
from sbsim.management.deployed import Deployed

# Where signatures lie: file systems, RAID and partition tables at the head, GPT's copy at the end.
HEAD_MIB = 8
TAIL_MIB = 2
# Arguments: device, first MiB, number of MiB. The target writes past the server's page cache.
_DIGEST = 'dd if="$1" bs=1M skip="$2" count="$3" iflag=direct status=none | sha256sum'

_LVM = ("--config", 'global/use_lvmlockd=0 devices/filter=["a|.*|"]')


@dataclass(frozen=True)
class LunContent:
    """One LUN as the first host writes it and every host then sees it."""

    deployed: Deployed
    lun: Lun

    def make(self, kind: str) -> None:
        """Put something on the LUN; `kind` is one of `KINDS`."""
        if kind not in _MAKERS:
            raise UsageError(f"no content {kind!r}; expected one of {', '.join(KINDS)}")
        _MAKERS[kind](self._writer, self._device(self._hosts[0]))
        self._look_again()

    def clear(self) -> None:
        """Make the LUN empty again: zeros where signatures lie."""
        machine, device = self._writer, self._device(self._hosts[0])
        for place in (0, self._tail):
            length = HEAD_MIB if place == 0 else TAIL_MIB
            machine.run("dd", "if=/dev/zero", f"of={device}", "bs=1M", f"count={length}",
                        f"seek={place}", "oflag=direct", "status=none", timeout=120)  # fmt: skip
        self._look_again()

    def digests(self) -> dict[str, str]:
        """SHA-256 of the LUN's two ends, read on its storage server past every cache."""
        return {
            name: self._storage.run("bash", "-o", "pipefail", "-c", _DIGEST, "bash",
                                    self.lun.device, str(place), str(length),
                                    timeout=120).stdout.split()[0]
            for name, place, length in self._ends()
        }  # fmt: skip

    # --- below ------------------------------------------------------------------------------

    @property
    def _hosts(self) -> tuple[Host, ...]:
        return self.deployed.deployment.hosts

    @property
    def _writer(self) -> Machine:
        return self.deployed.machines[self._hosts[0].name]

    @property
    def _storage(self) -> Machine:
        server = next(
            one
            for one in self.deployed.deployment.storage_servers
            for target in one.targets
            if self.lun in target.luns
        )
        return self.deployed.machines[server.name]

    @property
    def _tail(self) -> int:
        return self.lun.size // 2**20 - TAIL_MIB

    def _ends(self) -> tuple[tuple[str, int, int], ...]:
        return ("head", 0, HEAD_MIB), ("tail", self._tail, TAIL_MIB)

    def _device(self, host: Host) -> str:
        links = [
            f"/dev/disk/by-id/{prefix}{self.lun.wwid}" for prefix in ("dm-uuid-mpath-", "scsi-")
        ]
        found = self.deployed.machines[host.name].run("readlink", "-e", *links, check=False).lines
        if not found:
            raise UsageError(f"{host.name} does not see the LUN {self.lun.name} ({self.lun.wwid})")
        return found[0]

    def _look_again(self) -> None:
        """Have every host read the partition table and udev the signatures anew."""

        def look(host: Host) -> None:
            machine, device = self.deployed.machines[host.name], self._device(host)
            machine.run("blockdev", "--flushbufs", device)
            machine.run("blockdev", "--rereadpt", device, check=False)
            if device.startswith("/dev/dm-"):  # a map's partitions are maps too
                # "-u" would leave the maps where there is no table any more.
                machine.run("kpartx", "-d", device, check=False)
                machine.run("kpartx", "-a", device, check=False)
            machine.run("udevadm", "trigger", "--settle", device, timeout=120)

        parallel(self._hosts, look)


def _ext4(machine: Machine, device: str) -> None:
    machine.run("mkfs.ext4", "-q", "-F", device, "64M", timeout=120)


def _xfs(machine: Machine, device: str) -> None:
    Packages(machine).install(("xfsprogs",))
    machine.run("mkfs.xfs", "-q", "-f", "-K", "-d", "size=512m", device, timeout=120)


def _raid(machine: Machine, device: str) -> None:
    # The package's own rule would put the array together again whenever the LUN changes.
    machine.run("ln", "-sf", "/dev/null", "/etc/udev/rules.d/64-md-raid-assembly.rules")
    Packages(machine).install(("mdadm",))
    machine.run("mdadm", "--create", "/dev/md/sbsim", "--run", "--level=1", "--raid-devices=2",
                "--size=65536", "--metadata=1.2", device, "missing", timeout=120)  # fmt: skip
    machine.run("mdadm", "--stop", "/dev/md/sbsim")


def _gpt(machine: Machine, device: str) -> None:
    machine.run("sfdisk", "--quiet", device, input="label: gpt\nsize=64M\n", timeout=120)


def _mbr(machine: Machine, device: str) -> None:
    machine.run("sfdisk", "--quiet", device, input="label: dos\nsize=64M\n", timeout=120)


def _foreign_group(machine: Machine, device: str) -> None:
    machine.run("vgcreate", *_LVM, "somebody-elses", device, timeout=120)


_MAKERS: dict[str, Callable[[Machine, str], None]] = {
    "ext4": _ext4,
    "xfs": _xfs,
    "raid": _raid,
    "gpt": _gpt,
    "mbr": _mbr,
    "foreign-group": _foreign_group,
}
KINDS = tuple(_MAKERS)
