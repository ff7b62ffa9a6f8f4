"""LIO's backstores: adapters and devices, how they are configured, and what they show then."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from typing import ClassVar

from sbsim.sim.disk.space import Space
from sbsim.sim.lio.alua import PortGroups
from sbsim.sim.lio.core import Core, target_of
from sbsim.sim.lio.numbers import leading, signed, switch, unsigned
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.lio.rules import Rule, RuledFolder, flag, ignored, number
from sbsim.sim.lio.shapes import Shape
from sbsim.sim.lio.tree import Folder, refuse

LONGEST_TEXT = 511  # of udev_path and alias
LONGEST_SERIAL = 254
PAGE = 4096
FILE_BYTES_PER_IO = 8 * 2**20
BLOCK_SIZES = (512, 1024, 2048, 4096)


class Identity(Folder):
    """A device's identity: serial, vendor, product, revision. Fixed while a LUN shows it."""

    serial = ""

    @property
    def vendor(self) -> str:
        """The vendor that it tells."""
        return self.value("vendor_id").strip()

    def show_vpd_unit_serial(self) -> str:
        """The serial, in a sentence."""
        return f"T10 VPD Unit Serial Number: {self.serial}\n"

    def store_vpd_unit_serial(self, text: str) -> None:
        """Set the serial."""
        if len(text) > LONGEST_SERIAL:
            refuse(errno.EOVERFLOW)
        self._must_be_free()
        self.serial = text.strip()

    def store_vendor_id(self, text: str) -> None:
        """Set the vendor."""
        self._set("vendor_id", text, 8)

    def store_product_id(self, text: str) -> None:
        """Set the product."""
        self._set("product_id", text, 16)

    def store_revision(self, text: str) -> None:
        """Set the revision."""
        self._set("revision", text, 4)

    def store_company_id(self, text: str) -> None:
        """Set the IEEE company id, 24 bits."""
        value = unsigned(text)
        if value >> 24:
            refuse(errno.EOVERFLOW)
        self._must_be_free()
        self.values["company_id"] = f"0x{value:06x}\n"

    def _set(self, name: str, text: str, longest: int) -> None:
        plain = text.strip()
        if len(plain) > longest:
            refuse(errno.EOVERFLOW)
        if not (plain.isascii() and plain.isprintable()):
            refuse(errno.EINVAL)
        self._must_be_free()
        self.values[name] = f"{plain}\n"

    def _must_be_free(self) -> None:
        if device_of(self).luns:
            refuse(errno.EINVAL)


# --- attributes ---------------------------------------------------------------------------------


def _free(rule: Rule) -> Rule:
    """A rule that nothing follows while a LUN shows the device."""

    def free(folder: RuledFolder, text: str) -> str:
        value = rule(folder, text)
        return refuse(errno.EINVAL) if device_of(folder).luns else value

    return free


def _block_size(folder: RuledFolder, text: str) -> str:
    value = unsigned(text)
    if value not in BLOCK_SIZES:
        refuse(errno.EINVAL)
    device = device_of(folder)
    if device.bytes_per_io and not device.luns:
        folder.values["hw_max_sectors"] = f"{device.bytes_per_io // value}\n"
    return str(value)


def _up_to(other: str, low: int = 0) -> Rule:
    """A number that is no greater than another attribute."""

    def rule(folder: RuledFolder, text: str) -> str:
        value = unsigned(text)
        return str(value) if low <= value <= int(folder.value(other)) else refuse(errno.EINVAL)

    return rule


def _only(wanted: bool) -> Rule:
    """A switch that the kernel knows in one position alone."""

    def rule(_folder: RuledFolder, text: str) -> str:
        return str(int(wanted)) if switch(text) is wanted else refuse(errno.ENOSYS)

    return rule


def _write_cache(folder: RuledFolder, text: str) -> str:
    value = switch(text)
    # It follows a block device's own cache.
    if value and isinstance(device_of(folder), BlockBackedDevice):
        refuse(errno.EINVAL)
    return str(int(value))


def _protection(folder: RuledFolder, text: str) -> str:
    value = unsigned(text)
    if value > 3:
        refuse(errno.EINVAL)
    if value == 2 or (value and not device_of(folder).protects):
        refuse(errno.ENOSYS)
    return str(value)


def _format(folder: RuledFolder, text: str) -> str:
    if switch(text):
        refuse(errno.ENODEV if device_of(folder).protects else errno.ENOSYS)
    return "0"


class Attributes(RuledFolder):
    """What a device does, and how much at once."""

    rules: ClassVar = {
        **dict.fromkeys(
            (
                "emulate_3pc", "emulate_caw", "emulate_fua_write", "emulate_model_alias",
                "emulate_pr", "emulate_tas", "emulate_tpu", "emulate_tpws", "enforce_pr_isids",
                "force_pr_aptpl", "is_nonrot", "pi_prot_verify", "unmap_zeroes_data",
                "emulate_rsoc",
            ),
            flag,
        ),
        **dict.fromkeys(
            (
                "max_unmap_block_desc_count", "max_unmap_lba_count", "max_write_same_len",
                "unmap_granularity", "unmap_granularity_alignment",
            ),
            number(),
        ),
        "alua_support": _only(True),
        "pgr_support": _only(True),
        "emulate_rest_reord": _only(False),
        "block_size": _free(_block_size),
        "optimal_sectors": _free(_up_to("hw_max_sectors")),
        "queue_depth": _free(_up_to("hw_queue_depth", low=1)),
        "emulate_dpo": ignored("emulate_dpo"),
        "emulate_fua_read": ignored("emulate_fua_read"),
        "emulate_ua_intlck_ctrl": number(0, 2),
        "emulate_write_cache": _write_cache,
        "pi_prot_type": _protection,
        "pi_prot_format": _format,
    }  # fmt: skip

    def configured(self, shape: Shape, **values: int) -> None:
        """Take the values of a device that was just enabled."""
        self.shape = shape
        self.values.update({name: f"{value}\n" for name, value in values.items()})


# --- adapters and devices -----------------------------------------------------------------------


class Adapter(Folder):
    """A backstore's adapter: its devices."""

    devices: ClassVar[type[Device] | None] = None

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.kind, _, number = name.rpartition("_")
        # The kernel keeps 32 bits of it.
        self.number = int(number) & 0xFFFFFFFF
        self.index = target_of(self).next("adapter")
        # By which statistics know it.
        self.instance = target_of(self).numbers["instance"]

    def show_hba_info(self) -> str:
        """Its index, plugin and version."""
        return f"HBA Index: {self.index} plugin: {self.kind} version: v5.0\n"

    def store_hba_mode(self, text: str) -> None:
        """Only pass-through adapters have another mode, and none of them here."""
        refuse(errno.EINVAL)

    def make(self, name: str) -> Folder:
        """A device that is not configured yet."""
        if self.devices is None:
            refuse(errno.ENOSYS)
        return self.devices(name, self, target_of(self).shape_of(f"core/{self.kind}_0/raw"), False)


class Device(Folder):
    """A device: configured by its control, enabled once, then shown by LUNs."""

    parts: ClassVar = {"wwn": Identity, "alua": PortGroups, "attrib": Attributes}
    # As the recording names a device of its kind that is enabled.
    recorded: ClassVar[str]
    protects: ClassVar[bool] = False
    bytes_per_io = 0

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.enabled = False
        self.index = 0
        self.luns: list[Folder] = []
        self._ports = itertools.count(1)

    @property
    def adapter(self) -> Adapter:
        """Its adapter."""
        assert isinstance(self.parent, Adapter)
        return self.parent

    @property
    def identity(self) -> Identity:
        """Its serial and names."""
        return self.part("wwn", Identity)

    @property
    def attributes(self) -> Attributes:
        """What it does."""
        return self.part("attrib", Attributes)

    def next_port(self) -> int:
        """The number of the next LUN that shows it; none is given twice."""
        return next(self._ports)

    @property
    def size(self) -> int:
        """Its bytes."""
        raise NotImplementedError

    @property
    def space(self) -> Space | None:
        """Its bytes themselves; None where the model does not hold them."""
        return None

    # --- configuring --------------------------------------------------------------------------

    def store_control(self, text: str) -> None:
        """Take ``key=value,key=value``; what it does not know it passes over."""
        for key, value in _pairs(text):
            if set_it := getattr(self, f"set_{key}", None):
                set_it(value)

    def store_enable(self, text: str) -> None:
        """Enable it: only 1 does, and only once."""
        if text.strip() != "1":
            refuse(errno.EINVAL)
        if self.enabled:
            refuse(errno.EEXIST)
        # The number is gone, whether it can be enabled or not.
        self.index = target_of(self).next("device")
        values = self.opened()
        self.enabled = True
        target = target_of(self)
        self.attributes.configured(target.shape_of(f"{self.recorded}/attrib"), **values)
        target.part("core", Core).order.append(self)

    def opened(self) -> dict[str, int]:
        """Open what it stands on; attributes that follow from that. Raises what the kernel does."""
        raise NotImplementedError

    def removed(self) -> None:
        """It is no member of its groups any more."""
        order = target_of(self).part("core", Core).order
        if self in order:
            order.remove(self)

    # --- attributes ---------------------------------------------------------------------------

    def show_enable(self) -> str:
        """Whether it is enabled."""
        return f"{int(self.enabled)}\n"

    def show_info(self) -> str:
        """How it is, and what it stands on."""
        status = "ACTIVATED" if self.luns else "DEACTIVATED"
        # The kernel shows a depth only after one was set.
        depth = int(self.attributes.values.get("queue_depth", "0"))
        block = self.attributes.value("block_size").strip()
        most = self.attributes.value("hw_max_sectors").strip()
        return (
            f"Status: {status}  Max Queue Depth: {depth}  SectorSize: {block}  "
            f"HwMaxSectors: {most}\n        {self.described()}"
        )

    def described(self) -> str:
        """What it stands on."""
        raise NotImplementedError

    def store_udev_path(self, text: str) -> None:
        """A name for people."""
        self._text("udev_path", text)

    def store_alias(self, text: str) -> None:
        """A name for people."""
        self._text("alias", text)

    def _text(self, name: str, text: str) -> None:
        if len(text) > LONGEST_TEXT:
            refuse(errno.EINVAL)
        self.values[name] = f"{text.rstrip(chr(10))}\n"

    def show_alua_lu_gp(self) -> str:
        """The logical unit group that it is in, once it is enabled."""
        return "LU Group Alias: default_lu_gp\nLU Group ID: 0\n" if self.enabled else ""

    def store_alua_lu_gp(self, text: str) -> None:
        """Nothing but the default group is there to be in."""
        refuse(errno.ENODEV)

    def store_lba_map(self, text: str) -> None:
        """A map of segments; none can be given whose groups are not there."""
        refuse(errno.EINVAL)


def device_of(folder: Folder) -> Device:
    """The device that a folder belongs to."""
    return next(one for one in folder.lineage() if isinstance(one, Device))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for word in text.replace("\n", ",").split(","):
        key, separator, value = word.partition("=")
        if separator:
            yield key.strip(), value.strip()


class FileDevice(Device):
    """A device on a file, or on a block device as on a file."""

    recorded = "core/fileio_0/f"
    protects = True
    bytes_per_io = FILE_BYTES_PER_IO
    file = ""
    given: int | None = None
    buffered = False

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.given or 0

    @property
    def space(self) -> Space | None:
        """Those of the file."""
        places = target_of(self).places
        found = places.block_device(self.file)
        return found.space if found else places.file_space(self.file, self.size)

    def set_fd_dev_name(self, value: str) -> None:
        """The path."""
        if value:
            self.file = value

    def set_fd_dev_size(self, value: str) -> None:
        """The bytes."""
        self.given = unsigned(value, 64)

    def set_fd_buffered_io(self, value: str) -> None:
        """Write-back; it cannot be taken back."""
        if value != "1":
            refuse(errno.EINVAL)
        self.buffered = True

    def opened(self) -> dict[str, int]:
        """The file is made if it is not there; a block device has a size of its own."""
        if not self.file:
            refuse(errno.EINVAL)
        places = target_of(self).places
        if found := places.block_device(self.file):
            self.given = found.size
        elif self.given is None:
            refuse(errno.EINVAL)
        elif places.file_size(self.file) is None and not places.make_file(self.file, 0):
            refuse(errno.ENOENT)
        return {"emulate_write_cache": int(self.buffered)}

    def described(self) -> str:
        """The file, its size, and how it is written."""
        mode = "Buffered-WCE" if self.buffered else "O_DSYNC"
        return (
            f"TCM FILEIO ID: {self.adapter.number}        File: {self.file}  "
            f"Size: {self.given or 0}  Mode: {mode} Async: 0\n"
        )


class RamDevice(Device):
    """A device in memory."""

    recorded = "core/rd_mcp_0/r"
    protects = True
    pages: int | None = None
    nullio = False
    memory: Space | None = None

    @property
    def size(self) -> int:
        """Its bytes."""
        return (self.pages or 0) * PAGE

    @property
    def space(self) -> Space | None:
        """Its memory; one that forgets reads zeros."""
        if self.memory is None or self.nullio:
            self.memory = Space(self.size)
        return self.memory

    def set_rd_pages(self, value: str) -> None:
        """How many pages; what is no number changes nothing."""
        if value.isdigit():
            self.pages = int(value)

    def set_rd_nullio(self, value: str) -> None:
        """Whether it forgets what is written."""
        self.nullio = leading(value) == 1

    def opened(self) -> dict[str, int]:
        """It takes its pages."""
        if not self.pages:
            refuse(errno.EINVAL)
        return {}

    def described(self) -> str:
        """Its pages."""
        return (
            f"TCM RamDisk ID: {self.adapter.number}  RamDisk Makeup: rd_mcp\n"
            f"        PAGES/PAGE_SIZE: {self.pages or 0}*{PAGE}  SG_table_count: {self.tables}  "
            f"nullio: {int(self.nullio)} dummy: 0\n"
        )

    @property
    def tables(self) -> int:
        """How many tables hold its pages."""
        if not self.enabled or self.nullio:
            return 0
        per_table = 64 * 1024 // 32
        return -(-(self.pages or 0) // per_table)


class BlockBackedDevice(Device):
    """A device on a block device, which it has for itself."""

    recorded = "core/iblock_0/b"
    node = ""
    readonly = False
    claimed: BlockDevice | None = None

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.claimed.size if self.claimed else 0

    @property
    def space(self) -> Space | None:
        """Those of the block device."""
        return self.claimed.space if self.claimed else None

    def set_udev_path(self, value: str) -> None:
        """The block device's node; fixed once it is open."""
        if self.claimed:
            refuse(errno.EEXIST)
        self.node = value

    def set_readonly(self, value: str) -> None:
        """Whether it is only read; what is no number changes nothing."""
        if value.lstrip("-").isdigit():
            self.readonly = bool(signed(value))

    def opened(self) -> dict[str, int]:
        """It takes the block device for itself."""
        if not self.node:
            refuse(errno.EINVAL)
        found = target_of(self).places.block_device(self.node) or refuse(errno.ENOENT)
        if found.in_use:
            refuse(errno.EBUSY)
        self.claimed, found.in_use = found, True
        return {
            "emulate_write_cache": int(found.write_cache),
            "block_size": found.block_size,
            "hw_block_size": found.block_size,
        }

    def removed(self) -> None:
        """The block device is free again."""
        super().removed()
        if self.claimed:
            self.claimed.in_use = False

    def described(self) -> str:
        """The block device, and its numbers."""
        if self.claimed is None:
            return f"  readonly: {int(self.readonly)}\n        Major: 0 Minor: 0\n"
        return (
            f"iBlock device: {self.claimed.name}  UDEV PATH: {self.node}  "
            f"readonly: {int(self.readonly)}\n"
            f"        Major: {self.claimed.major} Minor: {self.claimed.minor}  CLAIMED: IBLOCK\n"
        )


def _adapter(kind: str, devices: type[Device] | None) -> None:
    Core.adapters[kind] = type(f"{kind}_adapter", (Adapter,), {"devices": devices})


_adapter("fileio", FileDevice)
_adapter("rd_mcp", RamDevice)
_adapter("iblock", BlockBackedDevice)
_adapter("user", None)
_adapter("pscsi", None)
