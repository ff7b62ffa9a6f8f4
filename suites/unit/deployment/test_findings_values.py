"""Findings of single values.

Each case changes the valid description small.toml; the comment `# HERE` marks the line that must
be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SMALL = (Path(__file__).parent / "small.toml").read_text()


def section(first: str, after: str = "") -> str:
    """Return the part of the description from `first` up to `after`."""
    start = SMALL.index(first)
    return SMALL[start : SMALL.index(after, start) if after else None]


def case(name: str, field: str, words: str, *edits: str) -> Any:
    """Edits are old and new texts in turn; `words` (split by |) must be in the finding."""
    return pytest.param(field, words, edits, id=name)


POOL_2 = section('[[primary_storages]]\nname = "pool-2"')
IQN_ADVICE = "iqn.yyyy-mm.reversed.domain"
LUN_A = "storage_servers[0].targets[0].luns[0]"
LUN_B = "storage_servers[0].targets[0].luns[1]"

ARRAY = 'addresses = ["10.1.0.22", "10.3.0.21"]'


def inquiry(name: str, key: str, value: str, words: str) -> Any:
    """A case of what the array says of itself."""
    field = f"storage_servers[0].inquiry.{key}"
    return case(name, field, words, ARRAY, f'{ARRAY}\ninquiry = {{{key} = "{value}"}} # HERE')


INQUIRY = [
    inquiry("vendor of nine", "vendor", "OPENFILER", "'OPENFILER'|a vendor of 1 to 8|OPNFILER"),
    inquiry("product of 17", "product", "p" * 17, "a product of 1 to 16|VIRTUAL-DISK"),
    inquiry("revision of five", "revision", "1.0.0", "a revision of 1 to 4 printable ASCII"),
    inquiry("empty vendor", "vendor", "", "found ''|without blanks at its ends"),
    inquiry("vendor with a blank behind it", "vendor", "IET ", "without blanks at its ends"),
    inquiry("vendor that is no ASCII", "vendor", "Spëicher", "printable ASCII"),
    inquiry("unknown designator", "designator", "t11", "one of 'naa', 't10'|did you mean 't10'?"),
    inquiry("unknown key", "vendors", "IET", "unknown key 'vendors'|did you mean 'vendor'?"),
]

ABSURD = [
    case("no cpu", "management_node.cpus", "found 0|1 to 1024", "cpus = 2", "cpus = 0 # HERE"),
    case("2000 cpus", "management_node.cpus", "2000", "cpus = 2", "cpus = 2000 # HERE"),
    case("32 MiB", "management_node.memory", "64 MiB to 64 TiB", '"1 GiB"', '"32 MiB" # HERE'),
    case("65 TiB", "management_node.memory", "64 MiB to 64 TiB", '"1 GiB"', '"65 TiB" # HERE'),
    case(
        "port 0",
        "storage_servers[0].controllers[1].portals[0].port",
        "found 0|1 to 65535|3260",
        "port = 3260}]",
        "port = 0}] # HERE",
    ),
    case(
        "port 65536",
        "storage_servers[0].controllers[1].portals[0].port",
        "found 65536|1 to 65535",
        "port = 3260}]",
        "port = 65536}] # HERE",
    ),
    case(
        "MTU 100",
        "links[1].mtu",
        "found 100|576 to 65535|1500",
        'name = "office"',
        'name = "office"\nmtu = 100 # HERE',
    ),
    case("LUN 256", f"{LUN_B}.lun", "found 256|0 to 255", "lun = 1", "lun = 256 # HERE"),
    case("LUN -1", f"{LUN_B}.lun", "found -1|0 to 255", "lun = 1", "lun = -1 # HERE"),
    case(
        "tag 0",
        "storage_servers[0].controllers[1].tag",
        "found 0",
        'name = "right"',
        'name = "right"\ntag = 0 # HERE',
    ),
    case(
        "number of thousands of digits",
        "management_node.cpus",
        "a number of 20000 bits",
        "cpus = 2",
        f"cpus = 0xf{'0' * 4999} # HERE",
    ),
    case(
        "empty name of a primary storage",
        "primary_storages[1].name",
        "found ''|1 to 255 characters|fill it in",
        '"pool-2"',
        '"" # HERE',
    ),
    case(
        "long name of a primary storage",
        "primary_storages[1].name",
        "a text of 256 characters|1 to 255",
        '"pool-2"',
        f'"{"x" * 256}" # HERE',
    ),
    case(
        "long description",
        "primary_storages[1].description",
        "a text of 2049 characters|at most 2048",
        'name = "pool-2"',
        f'name = "pool-2"\ndescription = "{"x" * 2049}" # HERE',
    ),
    case(
        "name of two lines",
        "zone",
        r"'a\nb'|control characters",
        '"zone-1"',
        r'"a\nb" # HERE',
    ),
    case("name with blanks", "zone", "' zone'|blanks", '"zone-1"', '" zone" # HERE'),
    case(
        "odd profile",
        "profile",
        "'Stock'|'zstack-2.6'|did you mean 'stock'?",
        '"stock"',
        '"Stock" # HERE',
    ),
    case("odd OS", "os_release", "'debian'|/etc/os-release", '"debian-12"', '"debian" # HERE'),
    case(
        "odd cache",
        f"{LUN_B}.cache",
        "'writeback'|did you mean 'write-back'?",
        'name = "lun-b"',
        'name = "lun-b"\ncache = "writeback" # HERE',
    ),
    case(
        "odd backing",
        f"{LUN_B}.backing",
        "'disk'|'block', 'file'",
        'name = "lun-b"',
        'name = "lun-b"\nbacking = "disk" # HERE',
    ),
    case(
        "LUN name that is a path",
        f"{LUN_B}.name",
        "'../b'|letters, digits",
        'name = "lun-b"',
        'name = "../b" # HERE',
        'luns = ["lun-b"]',
        'luns = ["../b"]',
    ),
]

HOST_NAMES = [
    case(
        f"host name {found!r}",
        "management_node.name",
        words,
        'name = "mn"',
        f'name = "{found}" # HERE',
    )
    for found, words in (
        ("", "RFC 1123"),
        ("zstack_mn", "RFC 1123"),
        ("-mn", "RFC 1123"),
        ("mn-", "RFC 1123"),
        ("mn..x", "RFC 1123"),
        ("x" * 64, "RFC 1123"),
        (f"{'x' * 32}.{'x' * 32}", "64 characters"),
        ("10.1.0.1", "cannot end in a number"),
        ("localhost", "another name"),
    )
]

NAMES_OF_ISCSI = [
    case(
        f"initiator {found!r}",
        "hosts[0].initiator",
        f"{IQN_ADVICE}|eui.",
        '"iqn.2016-05.org.example:host-1"',
        f'"{found}" # HERE',
    )
    for found in (
        "host-1",
        "iqn.2016-13.org.example:a",
        "iqn.2016-00.org.example:a",
        "iqn.16-05.org.example:a",
        "iqn.2016-05.example",
        "iqn.2016-05.org.example:",
        "iqn.2016-05.org.exa_mple:a",
        "iqn.2016-05.org.-example:a",
        "iqn.2016-05.org.example:a b",
        "eui.123",
        "naa.02345678abcdef01",
    )
] + [
    case(
        "target in capitals",
        "storage_servers[0].targets[1].iqn",
        f"{IQN_ADVICE}|write 'iqn.2015-05.org.example:two'",
        '"iqn.2015-05.org.example:two"',
        '"iqn.2015-05.org.Example:Two" # HERE',
    ),
    case(
        "target with an EUI name",
        "storage_servers[0].targets[1].iqn",
        IQN_ADVICE,
        '"iqn.2015-05.org.example:two"',
        '"eui.0123456789abcdef" # HERE',
    ),
    case(
        "target of 224 bytes",
        "storage_servers[0].targets[1].iqn",
        "a name of 224 bytes|at most 223",
        '"iqn.2015-05.org.example:two"',
        f'"{"iqn.2015-05.org.example:".ljust(224, "x")}" # HERE',
    ),
]

SIZES = [
    case(
        "first LUN of a pool too small",
        f"{LUN_A}.size",
        "3 GiB, too small for the pool of pool-1|3077 MiB (3226468352 bytes)|lock volume",
        '"20 GiB"',
        '"3 GiB" # HERE',
    ),
    case(
        "second LUN of a pool too small",
        f"{LUN_B}.size",
        "2 GiB, too small for the pool of pool-1|2053 MiB (2152726528 bytes): 2 GiB of metadata",
        '"10 GiB"',
        '"2 GiB" # HERE',
        'luns = ["lun-a"]',
        'luns = ["lun-a", "lun-b"]',
        POOL_2,
        "",
    ),
    case(
        "odd size",
        f"{LUN_B}.size",
        "10000000001 bytes|multiple of 512|take 10000000000 or 10000000512",
        '"10 GiB"',
        "10000000001 # HERE",
    ),
    case(
        "no size", f"{LUN_B}.size", "found 0|from 512 bytes to below 8 EiB", '"10 GiB"', "0 # HERE"
    ),
    case("negative size", f"{LUN_B}.size", "found -512", '"10 GiB"', "-512 # HERE"),
    case("huge size", f"{LUN_B}.size", "'17 EiB'|8 EiB", '"10 GiB"', '"17 EiB" # HERE'),
    case("size like no other", f"{LUN_B}.size", "'ten'|20 GiB", '"10 GiB"', '"ten" # HERE'),
    case(
        "unknown unit",
        f"{LUN_B}.size",
        "the unknown unit 'gib'|did you mean 'GiB'?",
        '"10 GiB"',
        '"10 gib" # HERE',
    ),
    case(
        "parts of a byte",
        f"{LUN_B}.size",
        "0.3 KiB|whole number of bytes",
        '"10 GiB"',
        '"0.3 KiB" # HERE',
    ),
]


@pytest.mark.parametrize(
    ("field", "words", "edits"), [*ABSURD, *HOST_NAMES, *INQUIRY, *NAMES_OF_ISCSI, *SIZES]
)
def test_value_is_found(
    only_finding: Callable[..., None], field: str, words: str, edits: tuple[str, ...]
) -> None:
    only_finding(field, words, edits)
