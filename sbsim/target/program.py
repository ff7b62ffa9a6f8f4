"""The command line inside the zip: `python3 sbsim-target.pyz apply|read|remove|restore`.

Standard input holds one JSON object (or nothing): `apply` takes `owner` and `array`, `read` may
take `array` to compare with, `remove` may take `owner`, `restore` takes nothing. Standard output
gets one JSON object: the answer, or `{"error": text}` with exit status 1 (2 for a wrong command
line). Secrets come in on standard input and never go out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sbsim.target.failure import TargetFailure
from sbsim.target.fields import Fields, word
from sbsim.target.model import Array

if TYPE_CHECKING:
    from sbsim.target.server import Server

USAGE = "usage: python3 sbsim-target.pyz apply|read|remove|restore < JSON"
COMMANDS = ("apply", "read", "remove", "restore")


def main() -> int:
    """Run the command line of this process; return its exit status."""
    status, answer = run(sys.argv[1:], sys.stdin.buffer.read)
    sys.stdout.write(json.dumps(answer) + "\n")
    return status


def run(
    arguments: Sequence[str], stdin: Any, server: Server | None = None
) -> tuple[int, dict[str, Any]]:
    """Run one command; return exit status and answer. `stdin()` gives the input's bytes."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        return 2, {"error": USAGE}
    command = arguments[0]
    try:
        data = b"" if command == "restore" else stdin()
        return 0, _answer(command, _parsed(data), server)
    except TargetFailure as failure:
        return 1, {"error": str(failure)}
    except PermissionError as error:
        return 1, {"error": f"{error.filename}: permission denied; run it as root"}
    except OSError as error:
        return 1, {"error": f"{error.filename or 'the system'}: {error.strerror or error}"}
    except Exception as error:
        # A defect: say what, not where, and never what the variables held.
        return 1, {"error": f"defect of the target program: {type(error).__name__}: {error}"}


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data) if data.strip() else {}
    except ValueError as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "no UTF-8"
        raise TargetFailure(f"the input is no JSON ({place})") from None


def _answer(command: str, value: object, server: Server | None) -> dict[str, Any]:
    fields = Fields(value, "")
    if command == "apply":
        owner, array = fields.take("owner", word), fields.take("array", Array.from_json)
        fields.end()
        return (server or this_server()).apply(owner, array).to_json()
    if command == "read":
        wanted = fields.take("array", Array.from_json, None)
        fields.end()
        return (server or this_server()).read(wanted).to_json()
    if command == "remove":
        holder = fields.take("owner", word, None)
        fields.end()
        return (server or this_server()).remove(holder).to_json()
    return (server or this_server()).restore().to_json()


def this_server() -> Server:
    """Return the storage server that this process runs on."""
    # pyudev asks ldconfig for libudev's name, a process that takes long on a slow machine.
    import ctypes.util

    find, ctypes.util.find_library = ctypes.util.find_library, _library
    try:
        import rtslib_fb
    except ImportError as error:
        raise TargetFailure(f"rtslib cannot be loaded: {error}") from None
    finally:
        ctypes.util.find_library = find
    from sbsim.target.server import Server
    from sbsim.target.system import System

    return Server(rtslib_fb, System())


def _library(name: str) -> str | None:
    return {"udev": "libudev.so.1", "c": "libc.so.6"}.get(name)
