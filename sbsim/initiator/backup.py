"""The distribution's own configuration files, kept before sbsim first changes them."""

from __future__ import annotations

from sbsim.initiator import initiator_name, iscsid_conf
from sbsim.machines import Machine

FOLDER = "/var/lib/sbsim/backup/initiator"
FILES = (initiator_name.PATH, iscsid_conf.PATH)


def kept(machine: Machine) -> bool:
    """Tell whether the originals are kept."""
    try:
        machine.read(f"{FOLDER}/iscsid.conf")
    except FileNotFoundError:
        return False
    return True


def keep(machine: Machine) -> bool:
    """Keep the originals with mode and owner, unless they are kept already.

    The folder appears in one step: a copy that was cut off is never taken for the originals.
    """
    if kept(machine):
        return False
    aside = f"{FOLDER}.new"
    machine.run("mkdir", "-p", "-m", "0700", aside)
    machine.run("cp", "-p", "-t", aside, *FILES)
    machine.run("mv", "-T", aside, FOLDER)
    return True


def restore(machine: Machine) -> bool:
    """Put the originals back, mode and owner too; false if none were kept."""
    if not kept(machine):
        return False
    copies = (f"{FOLDER}/{path.rpartition('/')[2]}" for path in FILES)
    machine.run("cp", "-p", "--remove-destination", "-t", "/etc/iscsi", *copies)
    machine.run("rm", "-rf", "--", FOLDER)
    return True
