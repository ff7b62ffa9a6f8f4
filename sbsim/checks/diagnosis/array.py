"""Targets, LUNs, ACLs and portals, as the storage server has them (chapter 3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.deployment import Deployment, Inquiry
from sbsim.management.deployed import Deployed
from sbsim.target.differences import Difference
from sbsim.target.model import Array, Lun

_APPLY = "have sbsim make the array as described (`sbsim provision`), or correct the description"


def look(deployed: Deployed) -> Iterator[Diagnosis]:
    """What is wrong with every array."""
    for server in deployed.deployment.storage_servers:
        wanted = deployed.wanted(server)
        reading = deployed.target_server(server).read(wanted)
        for one in (*_luns(wanted, reading.array), *_doubled(server.inquiry, reading.array)):
            yield _at(server.name, one)
        for difference in reading.differences:
            for one in _access(deployed.deployment, difference):
                yield _at(server.name, one)


def _at(server: str, one: Diagnosis) -> Diagnosis:
    return Diagnosis(one.name, f"{server}: {one.where}", one.what, one.mend, one.severity)


# --- LUNs -------------------------------------------------------------------------------------


def _luns(wanted: Array, seen: Array) -> Iterator[Diagnosis]:
    there = {(target.iqn, lun.name): lun for target in seen.targets for lun in target.luns}
    holder = {lun.name: target.iqn for target in seen.targets for lun in target.luns}
    iqns = {target.iqn for target in seen.targets}
    for target in wanted.targets:
        if target.iqn not in iqns:
            yield Diagnosis("target-missing", target.iqn, "there is no such target", _APPLY)
            continue
        for lun in target.luns:
            if found := there.get((target.iqn, lun.name)):
                yield from _lun(lun, found)
            elif other := holder.get(lun.name):
                yield Diagnosis(
                    "lun-on-other-target",
                    lun.name,
                    f"it hangs on {other}, not on {target.iqn}",
                    _APPLY,
                )
            else:
                yield Diagnosis("lun-not-shown", lun.name, f"{target.iqn} does not show it", _APPLY)
    yield from _too_many(wanted, seen)


def _too_many(wanted: Array, seen: Array) -> Iterator[Diagnosis]:
    known = {lun.name for target in wanted.targets for lun in target.luns}
    for target in seen.targets:
        for lun in target.luns:
            if lun.name not in known:
                yield Diagnosis(
                    "lun-not-described",
                    lun.name,
                    f"{target.iqn} shows it as LUN {lun.lun}",
                    "describe it, or take it away",
                    "warning",
                )


def _lun(wanted: Lun, seen: Lun) -> Iterator[Diagnosis]:
    name = wanted.name
    if seen.lun != wanted.lun:
        yield Diagnosis(
            "lun-number-differs",
            name,
            f"it is LUN {seen.lun}, not LUN {wanted.lun}: a host that has not looked again takes "
            "one for the other",
            "give it its number back before any host scans",
        )
    if seen.backing != wanted.backing:
        yield Diagnosis(
            "file-instead-of-block" if seen.backing == "file" else "block-instead-of-file",
            name,
            f"it is kept on a {seen.backing}, not on a {wanted.backing} device",
            "make its backstore anew on what was asked for: `sbsim provision`",
        )
    if seen.size != wanted.size:
        smaller = seen.size < wanted.size
        yield Diagnosis(
            "lun-too-small" if smaller else "lun-larger",
            name,
            f"it has {seen.size} bytes, not {wanted.size}",
            "grow the disk behind it again before anything is written: what lay at its end is "
            "out of reach" if smaller else "describe its new size, then refresh the capacity",
        )  # fmt: skip
    if seen.serial != wanted.serial:
        yield Diagnosis(
            "serial-differs",
            name,
            f"its serial is {seen.serial}, not {wanted.serial}: its WWID is another one",
            _APPLY,
        )
    if seen.write_back and not wanted.write_back:
        yield Diagnosis(
            "write-back",
            name,
            "it keeps writes in a volatile cache, where write-through is asked for",
            "set the disk behind it to write-through, and scan the hosts anew",
        )


def _doubled(inquiry: Inquiry, seen: Array) -> Iterator[Diagnosis]:
    wwids = {
        lun.name: inquiry.wwid_of(lun.serial) for target in seen.targets for lun in target.luns
    }
    for wwid in sorted(one for one, count in Counter(wwids.values()).items() if count > 1):
        names = sorted(name for name, its in wwids.items() if its == wwid)
        yield Diagnosis(
            "luns-share-id",
            " and ".join(names),
            f"all of them have the WWID {wwid}: to multipath they are one LUN",
            "give each a serial whose hex digits differ before a host sees them",
        )


# --- who may see them -------------------------------------------------------------------------


def _access(deployment: Deployment, one: Difference) -> Iterator[Diagnosis]:
    told = {
        ("group", "enabled"): (
            "target-disabled",
            "its portals answer nobody",
            "enable the portal group",
        ),
        ("group", "authentication"): (
            "chap-off" if one.seen == "0" else "chap-on",
            "it asks nobody for a password" if one.seen == "0" else "it asks for a password",
            f"set its attribute authentication to {one.wanted}",
        ),
        ("group", "generate_node_acls"): (
            "target-open-to-all",
            "it lets in whoever comes",
            "set its attribute generate_node_acls to 0, and look who has logged in",
        ),
        ("acl", "user"): ("acl-chap-differs", "it expects another user name", _APPLY),
        ("acl", "password"): ("acl-chap-differs", "it expects another password", _APPLY),
        ("acl", "mutual_user"): ("acl-chap-differs", "it calls itself otherwise", _APPLY),
        ("acl", "mutual_password"): ("acl-chap-differs", "it gives another password", _APPLY),
        ("mapping", "write_protect"): (
            "lun-write-protected",
            "the host may only read it",
            "map it anew without write protection",
        ),
    }
    missing = {
        "acl": ("acl-missing", "the host is not let in"),
        "mapping": ("lun-masked", "the LUN is not mapped for this host alone"),
        "portal": ("portal-missing", "nothing listens there: what counts on it has a path less"),
        "group": ("portal-group-missing", "the target has no such portal group"),
    }
    extra = {
        "acl": ("acl-stranger", "somebody is let in whom the description does not name"),
        "portal": ("portal-not-described", "it listens where the description has no portal"),
        "target": ("target-not-described", "the description has no such target"),
    }
    where = _named(deployment, one.name)
    if one.field and (found := told.get((one.kind, one.field))):
        yield Diagnosis(found[0], where, *found[1:])
    elif one.seen == "absent" and not one.field and (lacks := missing.get(one.kind)):
        yield Diagnosis(lacks[0], where, lacks[1], _APPLY)
    elif one.wanted == "absent" and not one.field and (much := extra.get(one.kind)):
        yield Diagnosis(much[0], where, much[1], "describe it, or take it away", "warning")


def _named(deployment: Deployment, text: str) -> str:
    """The object's name with the host's in the place of its initiator's."""
    for host in deployment.hosts:
        text = text.replace(f"initiator {host.initiator} ", f"{host.name} ")
    return text
