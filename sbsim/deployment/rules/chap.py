"""CHAP credentials. No value of a password is ever shown."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node


def one_place_of_password(root: Node) -> Iterator[Fault]:
    """A password has one place: a variable or a file."""
    for owner in (root.at("chap"), root.at("chap", "mutual")):
        password = owner.at("password")
        if not isinstance(password.value, dict):
            continue
        places = {"env", "file"} & password.value.keys()
        if len(places) == 1:
            continue
        found = "both env and file" if places else "neither env nor file"
        yield password.fault(
            found, "one place of the password", 'write for example {env = "SBSIM_CHAP_PASSWORD"}'
        )


def mutual_differs(root: Node) -> Iterator[Fault]:
    """Initiator and target have different passwords (RFC 7143 section 9.2.1)."""
    initiator, target = root.at("chap", "password"), root.at("chap", "mutual", "password")
    for key in ("env", "file", "lab_default"):
        value = target.at(key).value
        if value is not None and value == initiator.at(key).value:
            yield target.at(key).fault(
                f"the same {key} as in chap.password",
                "a password of the target's own (RFC 7143 section 9.2.1)",
                "name another one",
            )
