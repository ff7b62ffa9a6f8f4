"""What may be done with a storage in which state: the product's rules, as one table.

Disabled refuses whatever takes new space; what is there goes on being used (the guide's R4.2 as the
product has it). In Maintenance nothing of it is used. Where the product's own table is silent we
follow that sense: resizing takes new space, migrating uses what is there.
"""

from __future__ import annotations

from enum import StrEnum

from sbsim.management.entities import Host, HostRef, PrimaryStorage, State, Status
from sbsim.management.errors import DISCONNECTED, NO_STORAGE, Refused
from sbsim.management.store import Transaction


class Act(StrEnum):
    """What is done with a storage, in words that follow "cannot"."""

    NEW_INSTANCE = "make a VM instance"
    NEW_VOLUME = "make a volume"
    ADD_IMAGE = "bring in an image"
    TAKE_SNAPSHOT = "take a snapshot"
    RESIZE_VOLUME = "make a volume larger"
    START_INSTANCE = "start a VM instance"
    MIGRATE_INSTANCE = "migrate a VM instance"
    ATTACH_VOLUME = "attach a volume"
    DETACH_VOLUME = "detach a volume"
    REVERT = "revert to a snapshot"
    DELETE_SNAPSHOT = "delete a snapshot"
    DELETE_VOLUME = "delete a volume"
    STOP_INSTANCE = "stop a VM instance"


_STATES = (State.ENABLED, State.DISABLED, State.MAINTENANCE, State.DELETING)
_YES, _NO = True, False
_TABLE = {
    #                      Enabled, Disabled, Maintenance, Deleting
    Act.NEW_INSTANCE:     (_YES,    _NO,      _NO,         _NO),
    Act.NEW_VOLUME:       (_YES,    _NO,      _NO,         _NO),
    Act.ADD_IMAGE:        (_YES,    _NO,      _NO,         _NO),
    Act.TAKE_SNAPSHOT:    (_YES,    _NO,      _NO,         _NO),
    Act.RESIZE_VOLUME:    (_YES,    _NO,      _NO,         _NO),
    Act.START_INSTANCE:   (_YES,    _YES,     _NO,         _NO),
    Act.MIGRATE_INSTANCE: (_YES,    _YES,     _NO,         _NO),
    Act.ATTACH_VOLUME:    (_YES,    _YES,     _NO,         _NO),
    Act.DETACH_VOLUME:    (_YES,    _YES,     _YES,        _YES),
    Act.REVERT:           (_YES,    _YES,     _NO,         _NO),
    Act.DELETE_SNAPSHOT:  (_YES,    _YES,     _NO,         _NO),
    Act.DELETE_VOLUME:    (_YES,    _YES,     _NO,         _YES),
    Act.STOP_INSTANCE:    (_YES,    _YES,     _YES,        _YES),
}  # fmt: skip
# What is done without any host, or must be possible when no host answers.
_WITHOUT_HOSTS = {Act.DETACH_VOLUME, Act.STOP_INSTANCE}

_REMEDY = {
    State.DISABLED: "enable it first: sbsim ps enable",
    State.MAINTENANCE: "leave maintenance first: sbsim ps enable",
    State.DELETING: "enable it first: sbsim ps enable",
}


def allows(state: State, act: Act) -> bool:
    """Whether a storage in that state allows an act."""
    return _TABLE[act][_STATES.index(state)]


def require(rows: Transaction, storage: PrimaryStorage, act: Act) -> tuple[Host, ...]:
    """Raise Refused (PS.1000) unless the storage's state allows an act.

    Returns the hosts that are connected to it; raises Refused (PS.1003) if the act needs one and
    there is none.
    """
    if not allows(storage.state, act):
        raise Refused(
            NO_STORAGE,
            f"cannot {act}: {storage.name} is {storage.state}; {_REMEDY[storage.state]} "
            f"{storage.name}",
        )
    hosts = connected_hosts(rows, storage)
    if not hosts and act not in _WITHOUT_HOSTS:
        raise Refused(
            DISCONNECTED,
            f"cannot {act}: no host is connected to {storage.name}; attach it to a cluster, or "
            f"reconnect it: sbsim ps reconnect {storage.name}",
        )
    return hosts


def connected_hosts(rows: Transaction, storage: PrimaryStorage) -> tuple[Host, ...]:
    """The hosts that are connected to a storage, in the order in which they were added."""
    refs = rows.all(HostRef, primary_storage_uuid=storage.uuid, status=Status.CONNECTED)
    return tuple(rows.all(Host, uuid=[ref.host_uuid for ref in refs]))
