"""What the initiator's tests share: a small deployment, its array in memory, a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.deployment import Deployment, Secret, load
from sbsim.initiator import ChapSettings, Initiator
from sbsim.testing import FakeClock

from .fake_host import FakeArray, FakeHost

TEXT = """
name = "small"
profile = "stock"
zone = "zone-1"
os_release = "debian-12"
[[links]]
name = "san-a"
subnets = ["172.20.0.0/16"]
[[links]]
name = "san-b"
subnets = ["172.21.0.0/16"]
[chap]
user = "zstack"
password = {env = "NOT_SET", lab_default = "password"}
[management_node]
name = "mn"
address = "172.20.12.249"
cpus = 1
memory = "1 GiB"
[[clusters]]
name = "cluster-1"
[[hosts]]
name = "host1"
cluster = "cluster-1"
address = "172.20.11.107"
cpus = 1
memory = "1 GiB"
initiator = "iqn.2016-05.org.zstack:host1"
[[hosts]]
name = "host2"
cluster = "cluster-1"
address = "172.20.11.108"
addresses = ["172.21.11.108"]
cpus = 1
memory = "1 GiB"
initiator = "iqn.2016-05.org.zstack:host2"
[[storage_servers]]
name = "array"
address = "172.20.12.221"
addresses = ["172.21.12.221"]
[[storage_servers.controllers]]
name = "a"
portals = [{address = "172.20.12.221"}]
[[storage_servers.controllers]]
name = "b"
portals = [{address = "172.21.12.221"}]
[[storage_servers.targets]]
iqn = "iqn.2015-05.org.zstack:full"
[[storage_servers.targets.luns]]
lun = 1
name = "a-name-of-more-than-sixteen"
size = "20 GiB"
serial = "00a2"
cache = "write-back"
[[storage_servers.targets.luns]]
lun = 0
name = "lun-0"
size = "20 GiB"
serial = "00a1"
[[storage_servers.targets]]
iqn = "iqn.2015-05.org.zstack:only2"
initiators = ["host2"]
[[primary_storages]]
name = "ps"
clusters = ["cluster-1"]
luns = ["lun-0"]
"""


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    path = tmp_path / "small.toml"
    path.write_text(TEXT)
    return load(path)


@pytest.fixture
def chap() -> ChapSettings:
    return ChapSettings("zstack", Secret("canary"))


@pytest.fixture
def array() -> FakeArray:
    """Lists all portals of a target, whichever was asked, as LIO does."""
    return FakeArray(
        shown=[
            ("172.20.12.221:3260", 1, "iqn.2015-05.org.zstack:full"),
            ("172.21.12.221:3260", 2, "iqn.2015-05.org.zstack:full"),
        ],
        allowed={"iqn.2016-05.org.zstack:host1"},
        account=("zstack", "canary"),
    )


@pytest.fixture
def machine(array: FakeArray) -> FakeHost:
    return FakeHost(array)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def initiator(machine: FakeHost, clock: FakeClock) -> Initiator:
    return Initiator(machine, clock)
