"""Descriptions of any size: so many hosts on one array with so many LUNs."""

from __future__ import annotations

from pathlib import Path

LUNS_PER_TARGET = 250


def write(folder: Path, hosts: int, luns: int) -> Path:
    """Write a description; every host sees every LUN."""
    lines = [
        'name = "big"',
        'profile = "zstack-2.6"',
        'zone = "zone-1"',
        'os_release = "debian-12"',
        "[[links]]",
        'name = "lan"',
        'subnets = ["10.7.0.0/16"]',
        "[management_node]",
        'name = "manager"',
        'address = "10.7.255.1"',
        "[[clusters]]",
        'name = "cluster-1"',
    ]
    for number in range(hosts):
        lines += [
            "[[hosts]]",
            f'name = "host{number}"',
            'cluster = "cluster-1"',
            f'address = "10.7.{1 + number // 200}.{1 + number % 200}"',
            "cpus = 4",
            'memory = "8 GiB"',
            f'initiator = "iqn.2026-01.org.example:host{number}"',
        ]
    lines += [
        "[[storage_servers]]",
        'name = "array"',
        'address = "10.7.254.1"',
        "[[storage_servers.controllers]]",
        'name = "controller-1"',
        'portals = [{address = "10.7.254.1"}]',
    ]
    for first in range(0, luns, LUNS_PER_TARGET):
        lines += [
            "[[storage_servers.targets]]",
            f'iqn = "iqn.2026-01.org.example:big{first}"',
            "luns = [",
            *(
                f'    {{lun = {number - first}, name = "lun-{number}", size = "1 GiB", '
                f'serial = "{number:08x}"}},'
                for number in range(first, min(first + LUNS_PER_TARGET, luns))
            ),
            "]",
        ]
    path = folder / f"big-{hosts}-{luns}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
