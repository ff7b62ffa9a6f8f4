"""The lab's machines as libvirt domains of the embedded QEMU driver.

Only the keeper imports this: the driver locks its root, so that one process holds it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import libvirt
import libvirt_qemu

from sbsim.lab.plan import Card, Disk, PlannedMachine

QEMU = "/usr/bin/qemu-system-x86_64"

# As root libvirt would start QEMU as another user and then disagree with itself about KVM; the
# capabilities would be probed anew at each open, 12 s each time (facts: lab, section 2).
_QEMU_CONF = """\
user = "root"
group = "root"
security_driver = "none"
namespaces = [ ]
cgroup_controllers = [ ]
dynamic_ownership = 0
remember_owner = 0
stdio_handler = "file"
"""

_COMMAND_LINE = (
    "console=ttyS0 panic=-1 mitigations=off nokaslr audit=0 apparmor=0 random.trust_cpu=on "
    "8250.nr_uarts=1 systemd.log_color=0 systemd.default_timeout_start_sec=300"
)


_KVM_CPU = "<cpu mode='host-passthrough'/>"
# The fewer instructions there are, the less an emulated machine's libraries try to use: a boot
# took 20 s with this model and 24 s with "max".
_EMULATED_CPU = """\
<cpu mode='custom'><model>qemu64</model><feature policy='disable' name='svm'/></cpu>"""


@dataclass(frozen=True)
class Boot:
    """What all machines of a lab boot with. `kvm` chooses the accelerator."""

    image: Path
    disks: Path
    console: Path
    kvm: bool


def open_driver(root: Path) -> libvirt.virConnect:
    """Open the embedded QEMU driver with `root` as its home, and run its event loop."""
    (root / "etc").mkdir(parents=True, exist_ok=True)
    (root / "etc/qemu.conf").write_text(_QEMU_CONF)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_run_events, daemon=True, name="libvirt events").start()
    # Errors come as exceptions; the library's own copy on stderr says them twice.
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    return libvirt.open(f"qemu:///embed?root={root}")


def on_reboot(driver: libvirt.virConnect, restart: Callable[[str], None]) -> None:
    """Have `restart` called with a machine's name once it has gone off to reboot.

    A machine that reboots ends (`on_reboot` is destroy) and is started anew. In place it would
    take half a minute more: emulation drops the code that it translated before byte by byte,
    while the next kernel unpacks itself over it.
    """
    rebooting: set[str] = set()

    def shutting_down(
        _driver: object, domain: libvirt.virDomain, _event: str, _s: int, _us: int,
        details: str, _opaque: object,
    ) -> None:  # fmt: skip
        if json.loads(details).get("reason") == "guest-reset":
            rebooting.add(domain.name())

    def changed(
        _driver: object, domain: libvirt.virDomain, event: int, _detail: int, _opaque: object
    ) -> None:
        name = domain.name()
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED and name in rebooting:
            rebooting.discard(name)
            # In a thread of its own: this one delivers the events that a start waits for.
            threading.Thread(target=restart, args=(name,), daemon=True).start()

    libvirt_qemu.qemuMonitorEventRegister(driver, None, "SHUTDOWN", shutting_down, None, 0)
    driver.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, changed, None)


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def own_disk(boot: Boot, machine: PlannedMachine) -> Path:
    """Where a machine's own disk lies."""
    return boot.disks / f"{machine.name}.own"


def lun_disk(boot: Boot, machine: PlannedMachine, disk: Disk) -> Path:
    """Where the disk behind one LUN lies."""
    return boot.disks / f"{machine.name}.{disk.serial}"


# QEMU leaves a lone processor's memory barriers out while it emulates it, though its own threads
# serve the machine's virtio devices beside it: before 8.1 of every kind, and of locked instructions
# still. A kick is lost then, once in a while, and a network card sends nothing any more. A second
# processor that could be plugged in has it keep them; its own kernel is told of none.
_POSSIBLE_CPUS = 2


def domain_xml(machine: PlannedMachine, boot: Boot) -> str:
    """The domain of one machine: direct kernel boot, q35, virtio throughout."""
    return f"""\
<domain type='{"kvm" if boot.kvm else "qemu"}'>
  <name>{escape(machine.name)}</name>
  <memory unit='b'>{machine.memory}</memory>
  <vcpu current='{machine.cpus}'>{max(machine.cpus, _POSSIBLE_CPUS)}</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{escape(str(boot.image / "vmlinuz"))}</kernel>
    <initrd>{escape(str(boot.image / "initramfs"))}</initrd>
    <cmdline>{_COMMAND_LINE} possible_cpus={machine.cpus}</cmdline>
  </os>
  <features><acpi/></features>
  {_KVM_CPU if boot.kvm else _EMULATED_CPU}
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <emulator>{QEMU}</emulator>
    {"".join(_disks(machine, boot))}
    {"".join(card_xml(card) for card in machine.cards)}
    <serial type='file'>
      <source path={quoteattr(str(boot.console / f"{machine.name}.log"))} append='on'/>
      <target type='isa-serial'/>
    </serial>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def _disks(machine: PlannedMachine, boot: Boot) -> Iterator[str]:
    # "unsafe": the own disk lives as long as the lab; a LUN's cache mode is what the LUN shows.
    shared = (("sbsim-root", "root.erofs"), ("sbsim-packages", "packages.erofs"))
    for number, (serial, name) in enumerate(shared):
        yield _disk(boot.image / name, number, serial, "unsafe", read_only=True)
    yield _disk(own_disk(boot, machine), len(shared), "sbsim-own", "unsafe")
    for number, disk in enumerate(machine.disks, start=len(shared) + 1):
        yield _disk(lun_disk(boot, machine, disk), number, disk.serial, disk.cache)


def _letters(number: int) -> str:
    """Spell a disk's number as Linux does: 0 is a, 25 z, 26 aa."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _disk(path: Path, number: int, serial: str, cache: str, read_only: bool = False) -> str:
    return f"""
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='{cache}' discard='unmap'/>
      <source file={quoteattr(str(path))}/>
      <target dev='vd{_letters(number)}' bus='virtio'/>
      <serial>{escape(serial)}</serial>
      {"<readonly/><shareable/>" if read_only else ""}
    </disk>"""


def card_xml(card: Card, up: bool = True) -> str:
    """One network card; `up` says whether its cable is in."""
    return f"""
    <interface type='ethernet'>
      <mac address='{card.mac}'/>
      <target dev='{card.tap}' managed='no'/>
      <model type='virtio'/>
      <mtu size='{card.mtu}'/>
      <link state='{"up" if up else "down"}'/>
    </interface>"""
