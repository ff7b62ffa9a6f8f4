"""What can go wrong on a host's side of the SAN, each as an error of its own."""

from __future__ import annotations

from sbsim.errors import MachineError, SbsimError


class UnreadableOutput(SbsimError):
    """A tool or file said something that sbsim does not understand; nothing was guessed.

    `line_number` counts from 1; it is 0 when the text as a whole is at fault.
    """

    def __init__(self, tool: str, line_number: int, line: str, expected: str) -> None:
        self.tool = tool
        self.line_number = line_number
        self.line = line
        where = f"line {line_number} of {tool}" if line_number else tool
        shown = line if len(line) <= 200 else f"{line[:200]}…"
        super().__init__(f"cannot read {where}: expected {expected}, found {shown!r}")


class InitiatorError(MachineError):
    """An action of open-iscsi failed. `status` is iscsiadm's exit status, None if it hung."""

    def __init__(self, machine: str, text: str, status: int | None = None) -> None:
        self.machine = machine
        self.status = status
        super().__init__(f"{machine}: {text}")


class PortalUnreachable(InitiatorError):
    """A portal does not answer: wrong address or port, a link that is down, a server that is."""


class DiscoveryRefused(InitiatorError):
    """A portal answers, but refuses to tell this initiator its targets."""


class LoginRefused(InitiatorError):
    """A target refuses this initiator: its name has no ACL, or CHAP failed."""


class LoginFailed(InitiatorError):
    """A login failed for another reason than a refusal or a portal that does not answer."""


class UnknownNode(InitiatorError):
    """There is no node record of this target and portal: it was not discovered."""


class ToolsDisagree(InitiatorError):
    """Two tools tell different things about one device; `differences` lists them all."""

    def __init__(self, machine: str, differences: tuple[str, ...]) -> None:
        self.differences = differences
        super().__init__(machine, "the tools disagree: " + "; ".join(differences))


class LunsWouldMerge(InitiatorError):
    """Disks with one WWN are several LUNs: in one multipath map they would destroy each other."""

    def __init__(self, machine: str, wwn: str, luns: tuple[str, ...]) -> None:
        self.wwn = wwn
        text = f"several LUNs have the WWN {wwn}, expected one: {'; '.join(luns)}"
        super().__init__(machine, f"{text}; give each LUN a serial with hex digits of its own")
