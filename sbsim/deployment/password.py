"""Where a password is kept: the description names the place, never the password."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field

from sbsim.deployment.model import Model, Parsed
from sbsim.deployment.secret import Secret, password_problem
from sbsim.deployment.text import text
from sbsim.deployment.unfit import Unfit
from sbsim.errors import UsageError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
# Far more than any password: whoever names a log file by mistake gets an error, not its content.
_LONGEST_FILE = 4096


def variable(value: object) -> str:
    """Read the name of an environment variable."""
    if isinstance(value, str) and _VARIABLE.fullmatch(value):
        return value
    raise Unfit("the name of an environment variable", "write for example 'SBSIM_CHAP_PASSWORD'")


Variable = Annotated[str, Parsed(variable, {"type": "string", "pattern": f"^{_VARIABLE.pattern}$"})]
FilePath = Annotated[str, Parsed(text("a path", 1, 4096), {"type": "string", "minLength": 1})]


class PasswordReference(Model):
    """A reference to a password: an environment variable or a file."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["env"]}, {"required": ["file"]}]}
    )

    env: Variable | None = Field(
        default=None,
        description="the environment variable that holds the password",
        examples=["SBSIM_CHAP_PASSWORD"],
    )
    file: FilePath | None = Field(
        default=None,
        description="the file that holds the password, relative to the description's folder",
        examples=["chap.secret"],
    )
    lab_default: Secret | None = Field(
        default=None,
        description="the password in a lab or a simulation if the place is empty; never on a site",
        examples=["password"],
    )

    def resolve(self, lab: bool, base: Path) -> Secret:
        """Return the password.

        `lab` says that the machines are sbsim's own (lab or simulation): `lab_default` then
        serves where variable or file is missing. A relative file is sought under `base`, the
        folder of the description. Raises UsageError, which names the variable or file.
        """
        found = self._kept(base)
        if found is None and lab and self.lab_default is not None:
            return self.lab_default
        if found is None:
            raise UsageError(self._missing(base))
        if problem := password_problem(found):
            raise UsageError(f"the password in {self._place(base)} is {problem}; correct it there")
        return Secret(found)

    def exposure(self, base: Path) -> str | None:
        """Say that others can read the password's file; None if not, or if there is no file."""
        if self.file is None:
            return None
        try:
            mode = stat.S_IMODE((base / self.file).stat().st_mode)
        except OSError:
            return None
        return f"a file of mode {mode:04o}, which others can read" if mode & 0o077 else None

    def _kept(self, base: Path) -> str | None:
        """Return what stands in the place, None if nothing does."""
        if self.env is not None:
            return os.environ.get(self.env) or None
        if self.file is not None:
            return _first_line(base / self.file)
        return None

    def _place(self, base: Path) -> str:
        if self.env is not None:
            return f"the environment variable {self.env}"
        return f"the file {base / self.file}" if self.file is not None else "no place at all"

    def _missing(self, base: Path) -> str:
        if self.env is not None:
            return f"expected a password in {self._place(base)}, which is not set; set it"
        if self.file is not None:
            return f"expected a password in {self._place(base)}, which is missing or empty; make it"
        return "the description names no place of the password; give it env or file"


def _first_line(path: Path) -> str | None:
    """Return a password file's text without its closing line break, None if there is none."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(_LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise UsageError(f"cannot read the password's file {path}: {reason}") from None
    if len(data) > _LONGEST_FILE:
        raise UsageError(f"the password's file {path} is too long; keep the password alone in it")
    try:
        return data.decode().removesuffix("\n").removesuffix("\r") or None
    except UnicodeDecodeError:
        # The bytes are the secret: the error that would quote them ends here.
        raise UsageError(f"the password's file {path} is not UTF-8; save it as such") from None
