"""What is in volumes: qemu-img."""

from __future__ import annotations

import json
import os

from sbsim.sim.disk import qcow2
from sbsim.sim.disk.qcow2 import CLUSTER, Image, NotQcow2
from sbsim.sim.kvm.images import opened
from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import Options, read
from sbsim.sim.san.block_io import HostDevice

SECONDS = 0.3
FLAGS = ("-q", "-u", "-U", "-n", "--force-share")
VALUES = ("-f", "-O", "-b", "-F", "-t", "-T", "--output")


@tool("qemu-img")
def qemu_img(call: Call) -> Output:
    """Make, resize, copy, rebase and measure images, and tell of them."""
    options = read(call, flags=FLAGS, values=VALUES)
    verb, *paths = options.rest or ("",)
    uses = {
        "create": _create, "info": _info, "resize": _resize, "convert": _convert,
        "rebase": _rebase, "measure": _measure,
    }  # fmt: skip
    if verb not in uses:
        raise call.unknown(f"use of qemu-img: {verb}")
    try:
        return Output(uses[verb](call, options, paths), seconds=SECONDS)
    except NotQcow2 as error:
        return _failed(paths[0], str(error))
    except OSError as error:
        where = error.filename or paths[0]
        return _failed(where, os.strerror(error.errno or 0))


def _failed(path: str, text: str) -> Output:
    return Output(stderr=f"qemu-img: Could not open '{path}': {text}\n", status=1, seconds=SECONDS)


def _image(call: Call, options: Options, path: str) -> Image:
    if options.values.get("-f") != "qcow2":
        raise call.unknown("use of qemu-img but with -f qcow2")
    found = opened(call.machine, path, "qcow2")
    assert isinstance(found.reader, Image)
    return found.reader


def _create(call: Call, options: Options, paths: list[str]) -> str:
    path, size = paths
    if options.values.get("-f") != "qcow2" or ("-b" in options) != ("-u" in options):
        raise call.unknown("use of qemu-img create but for qcow2, what lies behind not looked at")
    behind, form = options.values.get("-b", ""), options.values.get("-F", "")
    qcow2.create(HostDevice(call.machine, path), int(size), behind, form)
    return ""


def _info(call: Call, options: Options, paths: list[str]) -> str:
    (path,) = paths
    if options.values.get("--output") != "json":
        raise call.unknown("use of qemu-img info but as JSON")
    device = HostDevice(call.machine, path)
    if device.read(0, 4) != qcow2.MAGIC:
        told: dict[str, object] = {
            "virtual-size": device.size, "filename": path, "format": "raw",
            "actual-size": 0, "dirty-flag": False,
        }  # fmt: skip
    else:
        header = qcow2.read_header(device)
        told = {
            "virtual-size": header.virtual, "filename": path, "cluster-size": CLUSTER,
            "format": "qcow2", "actual-size": 0, "dirty-flag": False,
        }  # fmt: skip
        if header.backing:
            told |= {
                "full-backing-filename": header.backing,
                "backing-filename": header.backing,
                "backing-filename-format": header.backing_format,
            }
    return json.dumps(told, indent=4) + "\n"


def _resize(call: Call, options: Options, paths: list[str]) -> str:
    path, size = paths
    _image(call, options, path).resize(int(size))
    return ""


def _convert(call: Call, options: Options, paths: list[str]) -> str:
    source, target = paths
    if options.values.get("-O") != "raw" or "-n" not in options:
        raise call.unknown("use of qemu-img convert but into a raw volume that is there")
    reader = opened(call.machine, source, options.values["-f"]).reader
    device = HostDevice(call.machine, target)
    for offset in range(0, reader.size, CLUSTER):
        device.write(offset, reader.read(offset, min(CLUSTER, reader.size - offset)))
    return ""


def _rebase(call: Call, options: Options, paths: list[str]) -> str:
    (path,) = paths
    behind, form = options.values.get("-b", ""), options.values.get("-F", "")
    reader = opened(call.machine, behind, form).reader if behind else None
    _image(call, options, path).put_upon(behind, form, reader)
    return ""


def _measure(call: Call, options: Options, paths: list[str]) -> str:
    (path,) = paths
    if options.values.get("-O") != "qcow2" or options.values.get("--output") != "json":
        raise call.unknown("use of qemu-img measure but for qcow2, as JSON")
    image = opened(call.machine, path, options.values["-f"])
    everything = -(-image.reader.size // CLUSTER)
    told = {
        "bitmaps": 0,
        "required": qcow2.measure(image.reader.size, len(image.data())),
        "fully-allocated": qcow2.measure(image.reader.size, everything),
    }
    return json.dumps(told, indent=4) + "\n"
