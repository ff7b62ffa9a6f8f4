"""iscsiadm: discovery, node records, sessions, interfaces; and iscsid, which it speaks to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace

from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import Options, read
from sbsim.sim.san.array import Found, Outcome
from sbsim.sim.san.initiator import Session
from sbsim.sim.san.records import DEFAULT, Record, Records

NO_OBJECTS, SESSION_EXISTS, AUTHORISATION, NO_TARGET, UNREACHABLE = 21, 15, 24, 19, 4
TIMED_OUT = 8
DAEMON = "iscsid.service"
IFACES = "/etc/iscsi/ifaces"
# A portal is tried six times: quickly where it refuses, slowly where nobody is there.
REFUSED_SECONDS, NOBODY_SECONDS, LOGIN_SECONDS = 5.0, 19.0, 120.0
_REFUSALS: dict[Outcome, tuple[int, str]] = {
    "wrong-credentials": (AUTHORISATION, "iSCSI login failed due to authorization failure"),
    "forbidden": (AUTHORISATION, "iSCSI login failed due to authorization failure"),
    "no-such-target": (NO_TARGET, "encountered non-retryable iSCSI login failure"),
}
_LONG = {"--mode": "-m", "--targetname": "-T", "--portal": "-p", "--op": "-o", "--name": "-n",
         "--value": "-v", "--interface": "-I", "--type": "-t"}  # fmt: skip


@tool("iscsiadm")
def iscsiadm(call: Call) -> Output:
    """Do what a mode asks for."""
    given = read(call, flags=("--login", "--logout", "--rescan", "-R"),
                 values=(*_LONG, *_LONG.values(), "-k"))  # fmt: skip
    values = {_LONG.get(name, name): value for name, value in given.values.items()}
    options = replace(given, values=values)
    if "-k" in values:
        return _stop(call.machine)
    modes = {
        "session": _session,
        "node": _node,
        "discovery": _discovery,
        "discoverydb": _discoveries,
        "iface": _iface,
    }
    mode = modes.get(values.get("-m", ""))
    if mode is None:
        raise call.unknown(f"mode {values.get('-m')} of iscsiadm")
    return mode(call, options)


def records_of(machine: SimulatedMachine) -> Records:
    """The files of a machine's initiator."""
    return Records(machine.files, machine.release)


def _stop(machine: SimulatedMachine) -> Output:
    machine.units[DAEMON] = "inactive"
    machine.daemon_name = ""
    return Output()


def _start(machine: SimulatedMachine) -> None:
    """Its socket starts iscsid when it is asked for; it reads its name then and no more."""
    if machine.units.get(DAEMON) != "active" or not machine.daemon_name:
        machine.units[DAEMON] = "active"
        machine.daemon_name = records_of(machine).name


def _nothing(text: str) -> Output:
    return Output(stderr=f"iscsiadm: {text}\n", status=NO_OBJECTS)


def portal_of(text: str) -> tuple[str, int]:
    """Address and port of ``address[:port][,tag]``; an IPv6 address stands in brackets."""
    found = re.fullmatch(r"(\[(?P<six>.+)\]|(?P<four>[^:,]+))(:(?P<port>[0-9]+))?(,[0-9]+)?", text)
    assert found, text
    return found["six"] or found["four"], int(found["port"] or 3260)


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address


# --- sessions ---------------------------------------------------------------------------------


def _session(call: Call, options: Options) -> Output:
    initiator = call.machine.initiator
    sessions = sorted(initiator.sessions, key=lambda one: one.id)
    if "--logout" in options:
        return _logout(call.machine, sessions)
    if not sessions:
        return _nothing("No active sessions.")
    if "--rescan" in options or "-R" in options:
        lines = []
        for one in sessions:
            lines.append(f"Rescanning session {_named(one)}\n")
            call.machine.scsi.rescan(one)
        return Output("".join(lines), seconds=0.3)
    return Output("".join(
        f"tcp: [{one.id}] {_shown(one.address)}:{one.port},{one.tag} {one.iqn} (non-flash)\n"
        for one in sessions
    ))  # fmt: skip


def _named(one: Session) -> str:
    return f"[sid: {one.id}, target: {one.iqn}, portal: {one.address},{one.port}]"


def _logout(machine: SimulatedMachine, sessions: Iterable[Session]) -> Output:
    sessions = list(sessions)
    if not sessions:
        return _nothing("No matching sessions found")
    lines = [f"Logging out of session {_named(one)}\n" for one in sessions]
    for one in sessions:
        machine.initiator.logout(one)
        lines.append(f"Logout of {_named(one)} successful.\n")
    return Output("".join(lines), seconds=0.3)


# --- discovery --------------------------------------------------------------------------------


def _discovery(call: Call, options: Options) -> Output:
    if options.values.get("-t") not in ("sendtargets", "st"):
        raise call.unknown(f"type of discovery: {options.values.get('-t')}")
    machine, records = call.machine, records_of(call.machine)
    address, port = portal_of(options.values["-p"])
    if not machine.initiator.reaches(address, port):
        return _unreachable(machine, address)
    found = machine.initiator.discover(records.name, address, port)
    operation = options.values.get("-o")
    if operation != "nonpersistent":
        records.note_discovery(address, port)
        known = {(one.found, one.iface) for one in records.all()}
        for one in found:
            if operation != "new" or (one, DEFAULT) not in known:
                records.make(one, (address, port))
    if not found:
        return _nothing("No portals found")
    return Output("".join(f"{_place(one)} {one.iqn}\n" for one in found), seconds=0.2)


def _place(one: Found) -> str:
    return f"{_shown(one.address)}:{one.port},{one.tag}"


def _unreachable(machine: SimulatedMachine, address: str) -> Output:
    somebody = machine.network.at(machine, address) is not None
    reason = "Connection refused" if somebody else "No route to host"
    tries = f"iscsiadm: cannot make connection to {address}: {reason}\n" * 6
    text = (
        f"{tries}iscsiadm: connection login retries (reopen_max) 5 exceeded\n"
        "iscsiadm: Could not perform SendTargets discovery: encountered connection failure\n"
    )
    seconds = REFUSED_SECONDS if somebody else NOBODY_SECONDS
    return Output(stderr=text, status=UNREACHABLE, seconds=seconds)


def _discoveries(call: Call, options: Options) -> Output:
    if options.values.get("-o") != "delete":
        raise call.unknown(f"operation on discoveries: {options.values.get('-o')}")
    if records_of(call.machine).forget_discovery(*portal_of(options.values["-p"])):
        return Output()
    return _nothing("No records found")


# --- nodes ------------------------------------------------------------------------------------


def _node(call: Call, options: Options) -> Output:
    machine, records = call.machine, records_of(call.machine)
    operation = options.values.get("-o")
    if operation == "new":
        return _new_node(call, options)
    chosen = [one for one in records.all() if _is_meant(one, options)]
    if "--logout" in options:
        meant = {(one.found, one.iface) for one in chosen}
        return _logout(machine, [one for one in machine.initiator.sessions
                                 if (_found(one), one.iface) in meant])  # fmt: skip
    if not chosen:
        return _nothing("No records found")
    if "--login" in options:
        return _login(machine, chosen)
    if operation == "update":
        for one in chosen:
            one.values[options.values["-n"]] = options.values["-v"]
            records.save(one)
        return Output()
    if operation == "delete":
        for one in chosen:
            records.delete(one)
        return Output()
    if operation in (None, "show") and "-T" not in options.values:
        return Output("".join(f"{_place(one.found)} {one.found.iqn}\n" for one in chosen))
    raise call.unknown(f"operation on nodes: {operation}")


def _found(one: Session) -> Found:
    return Found(one.iqn, one.address, one.port, one.tag)


def _is_meant(one: Record, options: Options) -> bool:
    values = options.values
    if "-T" in values and one.found.iqn != values["-T"]:
        return False
    if "-p" in values and (one.found.address, one.found.port) != portal_of(values["-p"]):
        return False
    return one.iface == values["-I"] if "-I" in values else True


def _new_node(call: Call, options: Options) -> Output:
    values = options.values
    address, port = portal_of(values["-p"])
    tag = values["-p"].rpartition(",")[2] if "," in values["-p"] else "1"
    iface = values.get("-I", DEFAULT)
    found = Found(values["-T"], address, port, int(tag))
    records_of(call.machine).make(found, None, iface)
    place = f"[tcp:[hw=,ip=,net_if=,iscsi_if={iface}] {address},{port},{tag} {found.iqn}]"
    return Output(f"New iSCSI node {place} added\n")


def _login(machine: SimulatedMachine, chosen: list[Record]) -> Output:
    _start(machine)
    out, wrong, status, seconds = [], [], 0, 0.3
    present = {(_found(one), one.iface) for one in machine.initiator.sessions}
    for record in chosen:
        found = record.found
        place = (f"[iface: {record.iface}, target: {found.iqn}, "
                 f"portal: {found.address},{found.port}]")  # fmt: skip
        if (found, record.iface) in present:
            wrong.append(f"iscsiadm: {record.iface}: 1 session requested, but 1 already present.\n")
            status = SESSION_EXISTS
            continue
        out.append(f"Logging in to {place}\n")
        if not machine.initiator.reaches(found.address, found.port):
            wrong += _refused(place, TIMED_OUT, "connection timed out")
            status, seconds = TIMED_OUT, LOGIN_SECONDS
            continue
        name = _iface_name(machine, record.iface) or machine.daemon_name
        outcome = machine.initiator.login(found, name, record.chap, record.iface, record.timers)
        if outcome == "ok":
            out.append(f"Login to {place} successful.\n")
        else:
            status, reason = _REFUSALS[outcome]
            wrong += _refused(place, status, reason)
    if status:
        wrong.append("iscsiadm: Could not log into all portals\n")
    return Output("".join(out), "".join(wrong), status, seconds)


def _refused(place: str, status: int, reason: str) -> list[str]:
    return [
        f"iscsiadm: Could not login to {place}.\n",
        f"iscsiadm: initiator reported error ({status} - {reason})\n",
    ]


def log_in_at_boot(machine: SimulatedMachine) -> None:
    """Log in to every node whose record says so, as the machine's service does when it boots."""
    chosen = [one for one in records_of(machine).all()
              if one.values.get("node.startup") == "automatic"]  # fmt: skip
    if chosen:
        _login(machine, chosen)


# --- interfaces -------------------------------------------------------------------------------


def _iface(call: Call, options: Options) -> Output:
    files, name = call.machine.files, options.values.get("-I")
    operation = options.values.get("-o")
    path = f"{IFACES}/{name}"
    if name is None:
        rows = [f"{one} {one if one == 'iser' else 'tcp'}" for one in (DEFAULT, "iser")]
        if files.is_dir(IFACES):
            rows += [f"{posixpath.basename(one)} tcp" for one in files.listdir(IFACES)]
        empty = ",<empty>" * 4
        return Output("".join(f"{row}{empty}\n" for row in rows))
    if operation == "new":
        files.make_folders(IFACES)
        files.write(path, b"", 0o600)
        return Output(f"{name} updated.\nNew interface {name} added\n")
    if operation == "update":
        files.write(path, f"{options.values['-n']} = {options.values['-v']}\n".encode(), 0o600)
        return Output(f"{name} updated.\n")
    if operation == "delete":
        files.unlink(path)
        return Output(f"{name} unbound and deleted.\n")
    raise call.unknown(f"operation on interfaces: {operation}")


def _iface_name(machine: SimulatedMachine, iface: str) -> str:
    """The initiator name of an interface that has one of its own."""
    path = f"{IFACES}/{iface}"
    if not machine.files.exists(path):
        return ""
    key, _, value = machine.files.read(path).decode().strip().partition(" = ")
    return value if key == "iface.initiatorname" else ""
