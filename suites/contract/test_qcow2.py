"""Simulated qcow2 images beside the real qemu-img: each reads what the other has written."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbsim.sim.disk import qcow2
from sbsim.sim.disk.qcow2 import CLUSTER, Image, NotQcow2

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="no qemu-img here")

MIB = 2**20
VIRTUAL = 8 * MIB
ROOM = 16 * MIB


class File:
    """A file as storage that is larger than what is in it, as a logical volume is."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size
        with path.open("ab") as file:
            file.truncate(size)

    def read(self, offset: int, count: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(count)

    def write(self, offset: int, data: bytes) -> None:
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(data)


def qemu_img(*words: str | Path) -> str:
    done = subprocess.run(
        ["qemu-img", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def content(path: Path) -> bytes:
    """What a guest reads, as qemu-img copies it."""
    raw = path.with_suffix(".copy")
    qemu_img("convert", "-f", "qcow2", "-O", "raw", path, raw)
    data = raw.read_bytes()
    raw.unlink()
    return data


writes = st.lists(
    st.tuples(st.integers(0, VIRTUAL - 1), st.integers(1, 3 * CLUSTER), st.integers(0, 255)),
    max_size=6,
)


def written(image: Image, where: list[tuple[int, int, int]], model: bytearray) -> None:
    for offset, count, seed in where:
        data = random.Random(seed).randbytes(min(count, VIRTUAL - offset))
        image.write(offset, data)
        model[offset : offset + len(data)] = data


def fresh(folder: Path) -> Path:
    made = folder / str(len(list(folder.iterdir())))
    made.mkdir()
    return made


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(base=writes, upper=writes)
def test_qemu_img_reads_what_the_simulator_writes(
    tmp_path: Path, base: list[tuple[int, int, int]], upper: list[tuple[int, int, int]]
) -> None:
    folder, model = fresh(tmp_path), bytearray(VIRTUAL)
    below = File(folder / "below.qcow2", ROOM)
    qcow2.create(below, VIRTUAL)
    one = Image(below)
    written(one, base, model)
    assert content(below.path) == bytes(model) == one.read(0, VIRTUAL)
    above = File(folder / "above.qcow2", ROOM)
    qcow2.create(above, VIRTUAL, str(below.path), "qcow2")
    two = Image(above, one)
    written(two, upper, model)
    assert content(above.path) == bytes(model) == two.read(0, VIRTUAL)
    for file in (below, above):
        assert "No errors" in qemu_img("check", "-f", "qcow2", file.path)
    told = json.loads(
        qemu_img("measure", "-f", "qcow2", "-O", "qcow2", "--output=json", above.path)
    )
    data = {*one.clusters(), *two.clusters()}
    assert told["required"] == qcow2.measure(VIRTUAL, len(data))
    assert told["fully-allocated"] == qcow2.measure(VIRTUAL, VIRTUAL // CLUSTER)
    two.put_upon("", "", None)
    assert content(above.path) == bytes(model)
    assert "backing file" not in qemu_img("info", above.path)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(where=writes)
def test_simulator_reads_what_qemu_img_writes(
    tmp_path: Path, where: list[tuple[int, int, int]]
) -> None:
    folder, model = fresh(tmp_path), bytearray(VIRTUAL)
    for offset, count, seed in where:
        data = random.Random(seed).randbytes(min(count, VIRTUAL - offset))
        model[offset : offset + len(data)] = data
    raw, path = folder / "raw", folder / "image.qcow2"
    raw.write_bytes(model)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, path)
    image = Image(File(path, ROOM))
    assert (image.size, image.read(0, VIRTUAL)) == (VIRTUAL, bytes(model))
    image.write(VIRTUAL - 10, b"at the end")
    assert content(path)[-10:] == b"at the end"


def test_header_is_as_qemu_img_writes_it(tmp_path: Path) -> None:
    ours, theirs = File(tmp_path / "ours", ROOM), tmp_path / "theirs"
    qcow2.create(ours, VIRTUAL, "/dev/vg/below", "raw")
    qemu_img(
        "create", "-q", "-f", "qcow2", "-u", "-b", "/dev/vg/below", "-F", "raw", theirs, VIRTUAL
    )
    assert qcow2.read_header(ours) == qcow2.read_header(File(theirs, ROOM))


def test_image_that_has_grown_is_as_large_to_qemu_img(tmp_path: Path) -> None:
    file = File(tmp_path / "image", ROOM)
    qcow2.create(file, VIRTUAL)
    image = Image(file)
    image.write(VIRTUAL - 3, b"end")
    image.resize(VIRTUAL + 5 * MIB)
    image.write(VIRTUAL + 4 * MIB, b"more")
    data = content(file.path)
    assert len(data) == VIRTUAL + 5 * MIB
    assert (data[VIRTUAL - 3 : VIRTUAL], data[VIRTUAL + 4 * MIB :][:4]) == (b"end", b"more")
    assert "No errors" in qemu_img("check", "-f", "qcow2", file.path)


def test_image_with_many_clusters_counts_them_all(tmp_path: Path) -> None:
    """More than one cluster of counts holds: the next one counts itself."""
    size = 3 * qcow2.PER_COUNTS * CLUSTER
    file = File(tmp_path / "image", size)
    qcow2.create(file, 2 * qcow2.PER_COUNTS * CLUSTER)
    full = b"\0\1" * qcow2.PER_COUNTS
    file.write(2 * CLUSTER, full)
    image = Image(file)
    image.write(0, b"x" * 10)
    assert image.read(0, 10) == b"x" * 10
    # Clusters that are counted and not used are leaks, which harm nobody; nothing else is wrong.
    done = subprocess.run(
        ["qemu-img", "check", "-f", "qcow2", "--output=json", str(file.path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["check-errors"], told.get("corruptions", 0)) == (0, 0)


@pytest.mark.parametrize("data", [b"", b"QFI\xfb\0\0\0\2" + bytes(100), b"nothing" * 20])
def test_what_is_no_image_is_refused(tmp_path: Path, data: bytes) -> None:
    file = File(tmp_path / "image", ROOM)
    file.write(0, data)
    with pytest.raises(NotQcow2):
        Image(file)
