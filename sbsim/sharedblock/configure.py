"""A host's configuration for a pool: LVM's, sanlock's and the services'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sbsim.machines import Machine
from sbsim.sharedblock import lvm_conf, sanlock_conf
from sbsim.sharedblock.errors import NotConfigured
from sbsim.sharedblock.lvm_filter import filter_settings
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.wipe import BACKUPS

SERVICES = ("sanlock.service", "lvmlockd.service")
# lvmlockd's own default; another one goes into a drop-in of its unit.
DEFAULT_IO_TIMEOUT = 10
DROP_IN = "/etc/systemd/system/lvmlockd.service.d/sbsim.conf"


@dataclass(frozen=True)
class Changed:
    """Which of a host's settings were changed."""

    lvm: bool
    sanlock: bool
    unit: bool

    @property
    def daemons(self) -> bool:
        """Whether a daemon has to start anew to see the change."""
        return self.sanlock or self.unit


def configure(
    machine: Machine, profile: Profile, host_id: int, io_timeout: int, disks: Sequence[str]
) -> Changed:
    """Write what the profile wants; what stands there already is left as it is.

    `disks` are the ids of all disks of the host's pools. Raises NotConfigured if LVM is not
    installed, DiskNotFound for an unknown id where the profile filters.
    """
    wanted = {**_lvm_settings(profile, host_id), **_filter(machine, profile, disks)}
    return Changed(
        lvm=_configure_lvm(machine, profile, wanted),
        sanlock=_configure_sanlock(machine, profile),
        unit=_configure_unit(machine, io_timeout),
    )


def see_only(machine: Machine, profile: Profile, disks: Sequence[str]) -> None:
    """Have LVM see these disks and the host's own alone, where the profile filters."""
    _configure_lvm(machine, profile, _filter(machine, profile, disks))


def wanted_filter(machine: Machine, profile: Profile, disks: Sequence[str]) -> dict[str, str]:
    """What the files must hold of a filter, by ``path: key``; nothing where there is none."""
    wanted = _filter(machine, profile, disks)
    return {f"{path}: {key}": value for path in profile.lvm_files for key, value in wanted.items()}


def wanted_settings(profile: Profile, host_id: int) -> dict[str, str]:
    """What a host's files must hold after `configure`, by ``path: key``."""
    lvm = _lvm_settings(profile, host_id)
    wanted = {f"{path}: {key}": value for path in profile.lvm_files for key, value in lvm.items()}
    return wanted | {f"{sanlock_conf.PATH}: {key}": one for key, one in profile.sanlock.items()}


def seen_settings(machine: Machine, profile: Profile) -> dict[str, str]:
    """What they hold: every value that is set, by ``path: key``."""
    files = {path: lvm_conf.settings(_read(machine, path) or "") for path in profile.lvm_files}
    files[sanlock_conf.PATH] = sanlock_conf.settings(_read(machine, sanlock_conf.PATH) or "")
    return {f"{path}: {key}": one for path, found in files.items() for key, one in found.items()}


def start_services(machine: Machine, changed: Changed, in_use: bool) -> None:
    """Start sanlock, then lvmlockd; anew if their settings changed and no lock space needs them.

    A daemon with lock spaces keeps its old settings until it is restarted: that would drop leases.
    """
    if changed.unit:
        machine.run("systemctl", "daemon-reload")
    if changed.daemons and not in_use:
        machine.run("systemctl", "stop", *reversed(SERVICES))
    machine.run("systemctl", "start", *SERVICES)
    # Asked first: enabling what is enabled takes an emulated machine ten seconds.
    if not machine.run("systemctl", "is-enabled", "--quiet", *SERVICES, check=False).ok:
        machine.run("systemctl", "enable", *SERVICES)


def _filter(machine: Machine, profile: Profile, disks: Sequence[str]) -> Mapping[str, str]:
    return filter_settings(machine, disks, profile.disks) if profile.filters else {}


def _configure_lvm(machine: Machine, profile: Profile, wanted: Mapping[str, str]) -> bool:
    changed = [_write_lvm(machine, profile, path, wanted) for path in profile.lvm_files]
    return any(changed)


def _lvm_settings(profile: Profile, host_id: int) -> dict[str, str]:
    return {**profile.lvm, "local/host_id": str(host_id)}


def _write_lvm(machine: Machine, profile: Profile, path: str, wanted: Mapping[str, str]) -> bool:
    old = _read(machine, path)
    if old is None:
        raise NotConfigured(machine.name, f"{path} is missing: install lvm2 (`sbsim host add`)")
    have = lvm_conf.settings(old)
    if all(have.get(key) == value for key, value in wanted.items()):
        return False
    base = old
    if profile.lvm_from_defaults and "global/use_lvmlockd" not in have:
        base = machine.run("lvmconfig", "--type", "default").stdout
    machine.run("mkdir", "-p", "-m", "0700", BACKUPS)
    name = path.rpartition("/")[2].removesuffix(".conf")
    epoch = machine.run("date", "+%s").stdout.strip()
    machine.write(f"{BACKUPS}/{name}-{epoch}.conf", old.encode())
    machine.write(path, lvm_conf.with_settings(base, wanted).encode())
    return True


def _configure_sanlock(machine: Machine, profile: Profile) -> bool:
    if not profile.sanlock:
        return False
    old = _read(machine, sanlock_conf.PATH)
    # Debian's package brings no such file, CentOS' one with every key in a comment.
    if profile.overwrite_lines and old is not None:
        new = sanlock_conf.with_lines_overwritten(old, profile.sanlock)
    else:
        new = sanlock_conf.with_settings(old or "", profile.sanlock)
    if new == old:
        return False
    machine.run("mkdir", "-p", sanlock_conf.PATH.rpartition("/")[0])
    machine.write(sanlock_conf.PATH, new.encode())
    return True


def _configure_unit(machine: Machine, io_timeout: int) -> bool:
    old = _read(machine, DROP_IN)
    if io_timeout == DEFAULT_IO_TIMEOUT:
        if old is not None:
            machine.run("rm", "-f", "--", DROP_IN)
        return old is not None
    command = f"/sbin/lvmlockd --foreground --sanlock-timeout {io_timeout}"
    new = f"[Service]\nExecStart=\nExecStart={command}\n"
    if new == old:
        return False
    machine.run("mkdir", "-p", DROP_IN.rpartition("/")[0])
    machine.write(DROP_IN, new.encode())
    return True


def _read(machine: Machine, path: str) -> str | None:
    try:
        return machine.read(path).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
