"""CHAP: how initiators prove themselves to the target, and the target to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sbsim.deployment.model import Model, Parsed
from sbsim.deployment.password import PasswordReference
from sbsim.deployment.text import text

User = Annotated[
    str, Parsed(text("a user name", 1, 255), {"type": "string", "minLength": 1, "maxLength": 255})
]


class MutualChap(Model):
    """The credentials with which the target proves itself to the initiators."""

    user: User = Field(description="the CHAP user name", examples=["zstack-target"])
    password: PasswordReference = Field(
        description="where the password is kept", examples=[{"env": "SBSIM_CHAP_PASSWORD"}]
    )


class Chap(Model):
    """The credentials with which the initiators prove themselves to the target."""

    user: User = Field(description="the CHAP user name", examples=["zstack"])
    password: PasswordReference = Field(
        description="where the password is kept", examples=[{"env": "SBSIM_CHAP_PASSWORD"}]
    )
    mutual: MutualChap | None = Field(
        default=None, description="the target's own credentials, where it proves itself too"
    )
