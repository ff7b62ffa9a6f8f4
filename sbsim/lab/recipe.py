"""What the machines' image is made of. Data, and the hash that names an image made from it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from importlib import resources

DEFAULT_MIRROR = "http://deb.debian.org"


@dataclass(frozen=True)
class Recipe:
    """One image's ingredients; two equal recipes give the same `key`.

    `packages` stand in every machine. `offered` are what the platform installs when it takes a
    host over (R2.5): they are *not* in the image but in the package repository made beside it.
    """

    suite: str
    mirror: str
    packages: tuple[str, ...]
    offered: tuple[str, ...]
    kernel: str
    initramfs_modules: tuple[str, ...]
    dropped_modules: tuple[str, ...]
    dropped_paths: tuple[str, ...]
    masked_units: tuple[str, ...]
    disabled_units: tuple[str, ...]
    masked_udev_rules: tuple[str, ...]
    masked_generators: tuple[str, ...]
    masked_helpers: tuple[str, ...]
    init_script: str
    files: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """16 hex digits that name the image."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def sources(self) -> tuple[str, ...]:
        """The lines of sources.list that the image is installed from."""
        return (
            f"deb {self.mirror}/debian {self.suite} main",
            f"deb {self.mirror}/debian {self.suite}-updates main",
            f"deb {self.mirror}/debian-security {self.suite}-security main",
        )


# sshd without PAM and DNS look-ups: each costs an emulated machine a tenth of a second a command.
_SSHD = """\
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxSessions 200
MaxStartups 100
HostKey /etc/ssh/ssh_host_ed25519_key
"""

# 55/58: sg3-utils' own ids (1LIO-ORG…) would take the place of udev's NAA id (36001405…), which is
# what the product and the guide use (facts: lab, section 4). 80-drivers stays: it loads sd_mod.
_MASKED_RULES = (
    "55-scsi-sg3_id.rules",
    "58-scsi-sg3_symlink.rules",
    # Hardware that no lab machine has; every rule is read and tried for every device at boot.
    "60-autosuspend.rules",
    "60-cdrom_id.rules",
    "60-drm.rules",
    "60-evdev.rules",
    "60-fido-id.rules",
    "60-infiniband.rules",
    "60-input-id.rules",
    "60-persistent-alsa.rules",
    "60-persistent-input.rules",
    "60-persistent-storage-tape.rules",
    "60-persistent-v4l.rules",
    "60-sensor.rules",
    "70-camera.rules",
    "70-joystick.rules",
    "70-memory.rules",
    "70-mouse.rules",
    "70-power-switch.rules",
    "70-touchpad.rules",
    "71-seat.rules",
    "73-seat-late.rules",
    "75-probe_mtd.rules",
    "78-sound-card.rules",
    "81-net-dhcp.rules",
)

_MASKED_UNITS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "serial-getty@ttyS0.service",
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    "systemd-boot-system-token.service",
    "systemd-firstboot.service",
    "systemd-binfmt.service",
    "proc-sys-fs-binfmt_misc.automount",
    "modprobe@configfs.service",
    "modprobe@drm.service",
    "modprobe@dm_mod.service",
    "modprobe@efi_pstore.service",
    "modprobe@fuse.service",
    "modprobe@loop.service",
    "sys-fs-fuse-connections.mount",
    "kmod-static-nodes.service",
    "systemd-tmpfiles-setup-dev.service",
    "systemd-journal-catalog-update.service",
    "systemd-journal-flush.service",
    "systemd-network-generator.service",
    "systemd-remount-fs.service",
    "systemd-sysusers.service",
    "systemd-logind.service",
    "systemd-pstore.service",
    "systemd-random-seed.service",
    "systemd-sysext.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "mdmonitor.service",
    "mdcheck_start.timer",
    "mdcheck_continue.timer",
    "mdmonitor-oneshot.timer",
    "rtslib-fb-targetctl.service",
)

# The platform switches them on when it takes a host over; the other servers never need them.
_DISABLED_UNITS = (
    "libvirt-guests.service",
    "libvirtd-admin.socket",
    "libvirtd-ro.socket",
    "libvirtd.service",
    "libvirtd.socket",
    "virtlockd-admin.socket",
    "virtlockd.socket",
    "virtlogd-admin.socket",
    "virtlogd.socket",
)

# Each is a program that systemd starts at every boot, to find out that there is nothing to do.
_MASKED_GENERATORS = (
    "systemd-bless-boot-generator",
    "systemd-cryptsetup-generator",
    "systemd-debug-generator",
    "systemd-fstab-generator",
    "systemd-getty-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-integritysetup-generator",
    "systemd-rc-local-generator",
    "systemd-system-update-generator",
    "systemd-sysv-generator",
    "systemd-veritysetup-generator",
)

# What packages' own scripts call to enable and start the units that they bring: some forty times
# for a host's packages, and each is a Perl program that takes an emulated machine three seconds.
# Whoever configures a service enables and starts it here.
_MASKED_HELPERS = ("usr/bin/deb-systemd-helper", "usr/bin/deb-systemd-invoke")

# Drivers of the board's odds and ends: checking and linking each costs a fifth of a second.
_UNUSED_MODULES = """\
blacklist ahci
blacklist evdev
blacklist i2c_i801
blacklist iTCO_wdt
blacklist lpc_ich
blacklist pcspkr
blacklist psmouse
blacklist serio_raw
"""


def default_recipe() -> Recipe:
    """Return Debian 12's recipe. `SBSIM_MIRROR` names another mirror than Debian's own."""
    return Recipe(
        suite="bookworm",
        mirror=os.environ.get("SBSIM_MIRROR", DEFAULT_MIRROR).rstrip("/"),
        packages=(
            "dbus",
            "fdisk",
            "fio",
            "iproute2",
            "iputils-ping",
            "kmod",
            # A host is a KVM host: instances need libvirt and QEMU. Both are large, and installing
            # them on an emulated machine takes minutes.
            "libvirt-daemon-driver-qemu",
            "libvirt-daemon-system",
            "libvirt-daemon-system-systemd",
            "lsscsi",
            "netbase",
            "open-iscsi",
            "openssh-server",
            "procps",
            "python3",
            "qemu-system-x86",
            "qemu-utils",
            "sg3-utils",
            "systemd",
            "systemd-sysv",
            "udev",
        ),
        # parted: the platform asks it to read a partition table anew. mdadm and xfsprogs are for
        # whoever makes a LUN that is not empty; the platform installs neither.
        offered=(
            "lvm2",
            "lvm2-lockd",
            "mdadm",
            "multipath-tools",
            "parted",
            "sanlock",
            "xfsprogs",
        ),
        kernel="linux-image-amd64",
        # libcrc32c asks for crc32c by name when it is loaded, which modules.dep does not tell.
        initramfs_modules=(
            "virtio_pci",
            "virtio_blk",
            "crc32c_generic",
            "erofs",
            "ext4",
            "overlay",
        ),
        dropped_modules=(
            "drivers/gpu",
            "drivers/media",
            "drivers/net/wireless",
            "drivers/net/ethernet",
            "drivers/iio",
            "drivers/infiniband",
            "drivers/staging",
            "drivers/usb",
            "drivers/hid",
            "drivers/isdn",
            "drivers/bluetooth",
            "sound",
            "net/wireless",
            "net/mac80211",
            "net/bluetooth",
        ),
        dropped_paths=("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"),
        masked_units=_MASKED_UNITS,
        disabled_units=_DISABLED_UNITS,
        masked_udev_rules=_MASKED_RULES,
        masked_generators=_MASKED_GENERATORS,
        masked_helpers=_MASKED_HELPERS,
        init_script=resources.files("sbsim.lab").joinpath("init.sh").read_text(),
        files=(
            ("etc/ssh/sshd_config.d/sbsim.conf", _SSHD),
            ("etc/fstab", ""),
            ("etc/hostname", "localhost\n"),
            ("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"),
            ("etc/machine-id", "uninitialized\n"),
            ("etc/apt/sources.list", "deb [trusted=yes] file:/packages ./\n"),
            # A lab machine's disk is memory: nothing is gained by syncing every file.
            ("etc/dpkg/dpkg.cfg.d/sbsim", "force-unsafe-io\n"),
            ("etc/modprobe.d/sbsim.conf", _UNUSED_MODULES),
            ("etc/systemd/journald.conf.d/sbsim.conf", "[Journal]\nStorage=volatile\n"),
        ),
    )
