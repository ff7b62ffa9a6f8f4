"""Arrays for the tests: one small example, and any."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from sbsim.target.model import FC, Array, Chap, Group, Initiator, Lun, Portal, Target

few = settings(max_examples=50, deadline=None)

CHAP = Chap("user", "canary-31c8")
HOST = "iqn.2020-01.org.example:host"
IQN = "iqn.2020-01.org.example:target"


def lun(number: int = 0, backing: str = "block", name: str = "", **facts: object) -> Lun:
    name = name or f"lun-{number}"
    path = f"/dev/disks/{name}" if backing == "block" else f"/files/{name}.img"
    made = Lun(number, name, 1 << 30, f"abc-{name}", backing, path)
    return replace(made, **facts)  # type: ignore[arg-type]


def target(*luns: Lun, hosts: int = 2, tags: int = 1, iqn: str = IQN, chap: Chap = CHAP) -> Target:
    return Target(
        iqn,
        tuple(Group(tag, (Portal(f"192.0.2.{tag}"),)) for tag in range(1, tags + 1)),
        luns,
        tuple(Initiator(f"{HOST}{number}", chap) for number in range(1, hosts + 1)),
    )


def array(*luns: Lun, hosts: int = 2, tags: int = 1) -> Array:
    return Array((target(*luns, hosts=hosts, tags=tags),))


_secrets = st.sampled_from(["a", "b"])
_chaps = st.builds(Chap, _secrets, _secrets) | st.builds(
    Chap, _secrets, _secrets, _secrets, _secrets
)
_addresses = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"])
_portals = st.builds(Portal, _addresses, st.sampled_from([3260, 3261]))


@st.composite
def _targets(draw: st.DrawFn, iqn: str, luns: list[Lun]) -> Target:
    tags = draw(st.sampled_from([(1,), (2,), (1, 2)]))
    portals = draw(st.lists(_portals, unique=True, max_size=3))
    groups = tuple(
        Group(tag, tuple(sorted(portals[index :: len(tags)]))) for index, tag in enumerate(tags)
    )
    numbers = draw(st.permutations(range(3)))
    names = draw(st.sets(st.sampled_from([f"{HOST}{n}" for n in range(3)]), max_size=2))
    chaps = _chaps if draw(st.booleans()) else st.just(Chap())
    return Target(
        iqn,
        tuple(sorted(groups, key=lambda group: group.tag)),
        tuple(
            sorted(
                (replace(one, lun=number) for one, number in zip(luns, numbers, strict=False)),
                key=lambda one: one.lun,
            )
        ),
        tuple(Initiator(name, draw(chaps)) for name in sorted(names)),
    )


PORT, HOST_PORT = "naa.2000525400000f", "naa.2000525400000a"


@st.composite
def _ports(draw: st.DrawFn, luns: list[Lun]) -> list[Target]:
    """The array's ports as targets: all of them show the same LUNs."""
    numbered = [replace(one, lun=number) for number, one in enumerate(luns)]
    shown = tuple(one for one in numbered if draw(st.booleans()))
    hosts = draw(st.sets(st.sampled_from([f"{HOST_PORT}{n:02x}" for n in range(3)]), max_size=2))
    let_in = tuple(Initiator(name) for name in sorted(hosts))
    names = sorted(draw(st.sets(st.sampled_from([f"{PORT}{n:02x}" for n in range(2)]))))
    return [Target(name, (Group(1, ()),), shown, let_in, FC) for name in names]


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    """Any array that keeps to the rules, sorted; names meet again from one array to the next."""
    names = draw(st.sets(st.sampled_from("abc")))
    luns = [
        Lun(
            0,
            name,
            draw(st.sampled_from([512, 1024])),
            f"{name}-{draw(st.sampled_from('01'))}",
            backing := draw(st.sampled_from(["block", "file"])),
            f"/{backing}/{name}",
            draw(st.booleans()),
        )
        for name in sorted(names)
    ]
    if draw(st.booleans()):
        return Array(tuple(draw(_ports(luns))))
    iqns = sorted(draw(st.sets(st.sampled_from([f"{IQN}{n}" for n in range(2)]))))
    return Array(
        tuple(draw(_targets(iqn, luns[index :: len(iqns)])) for index, iqn in enumerate(iqns))
    )
