"""What several rules need: repeated values, references, and the parts of a description."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from sbsim.deployment.address import Address, address
from sbsim.deployment.finding import Fault, quoted
from sbsim.deployment.nearest import suggestion
from sbsim.deployment.node import Node
from sbsim.deployment.unfit import Unfit

_T = TypeVar("_T", bound=Hashable)


def any_text(value: object) -> str:
    """Read any text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise Unfit("a text", "write it in double quotes")


def folded(value: object) -> str:
    """Read a text whose upper and lower case are alike, as in host names."""
    return any_text(value).lower()


def repeated(nodes: Iterable[Node], parse: Callable[[object], _T]) -> Iterator[tuple[Node, Node]]:
    """Return each node whose value an earlier one has too, with that earlier one."""
    first: dict[_T, Node] = {}
    for node in nodes:
        value = node.read(parse)
        if value is not None and first.setdefault(value, node) is not node:
            yield first[value], node


def names_repeated(
    owners: Iterable[Node], noun: str, parse: Callable[[object], str] = any_text
) -> Iterator[Fault]:
    """Fault every name that an earlier one of `owners` has already."""
    for first, again in repeated((owner.at("name") for owner in owners), parse):
        yield again.fault(
            f"{quoted(str(again.value))}, which another {noun} has already ({first.place})",
            "",
            f"give every {noun} its own name",
        )


def listed_twice(lists: Iterable[Node], key: str) -> Iterator[Fault]:
    """Fault every element that the list under `key` of one table holds twice."""
    for owner in lists:
        for _, again in repeated(owner.each(key), any_text):
            yield again.fault(f"{quoted(str(again.value))} a second time", "", "name it once")


def unknown(
    references: Iterable[Node],
    known: Iterable[Node],
    noun: str,
    elsewhere: str,
    needed: bool = True,
) -> Iterator[Fault]:
    """Fault every reference that is the name of none of `known`.

    `needed` says that a description must have one of them: having none is then a finding of its
    own, and all references would only repeat it.
    """
    names = {name: None for node in known if (name := node.at("name").read(any_text))}
    if needed and not names:
        return
    for reference in references:
        name = reference.read(any_text)
        if name is not None and name not in names:
            advice = suggestion(name, tuple(names), elsewhere)
            yield reference.fault(quoted(name), f"the name of a {noun}", advice)


def machines(root: Node) -> Iterator[Node]:
    """Return every server."""
    yield root.at("management_node")
    yield from root.each("hosts")
    yield from root.each("storage_servers")


def addresses(machine: Node) -> Iterator[tuple[Node, Address]]:
    """Return the addresses of a server."""
    for node in (machine.at("address"), *machine.each("addresses")):
        parsed = node.read(address)
        if parsed is not None:
            yield node, parsed


def luns(root: Node) -> Iterator[Node]:
    """Return every LUN of every target."""
    return root.each("storage_servers", "targets", "luns")
