"""CHAP as a host is told to use it, and as its files and sessions really hold it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sbsim.deployment import Deployment, Secret


@dataclass(frozen=True)
class ChapSettings:
    """Who the initiator says it is, and with mutual CHAP who the target must be.

    Passwords are secrets: printing an object of this class shows `***`. No CHAP at all is
    `ChapSettings()`.
    """

    user: str | None = None
    password: Secret | None = None
    mutual_user: str | None = None
    mutual_password: Secret | None = None

    @property
    def method(self) -> str:
        """CHAP or None, as iscsid.conf writes it."""
        return "CHAP" if self.user is not None else "None"


def chap_of(deployment: Deployment, lab: bool, base: Path) -> ChapSettings:
    """Return the CHAP that a description asks for, its passwords resolved.

    `lab` and `base` are those of `PasswordReference.resolve`. Raises UsageError where a password
    is missing.
    """
    chap = deployment.chap
    if chap is None:
        return ChapSettings()
    mutual = chap.mutual
    return ChapSettings(
        user=chap.user,
        password=chap.password.resolve(lab, base),
        mutual_user=mutual.user if mutual else None,
        mutual_password=mutual.password.resolve(lab, base) if mutual else None,
    )
