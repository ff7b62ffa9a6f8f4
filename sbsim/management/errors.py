"""What the management plane refuses or fails at, with the product's own codes."""

from __future__ import annotations

from sbsim.errors import SbsimError, UsageError


class ManagementError(SbsimError):
    """An operation failed. `code` is the product's, such as PS.1001 for an attach."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}")


class Refused(ManagementError, UsageError):
    """The operation cannot be: a bad argument, or a rule against it. Nothing was changed."""


def words_of(error: SbsimError) -> str:
    """What an error says, without its code: to be wrapped in another one's words."""
    return error.text if isinstance(error, ManagementError) else str(error)


NO_STORAGE = "PS.1000"
ATTACH_FAILED = "PS.1001"
DETACH_FAILED = "PS.1002"
DISCONNECTED = "PS.1003"
STATE_CHANGE_FAILED = "SYS.1005"
OPERATION_FAILED = "SYS.1006"
BAD_ARGUMENT = "SYS.1007"
DELETE_REFUSED = "SYS.1004"
