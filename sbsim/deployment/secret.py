"""A text that shows itself to nobody."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from sbsim.deployment.unfit import Unfit

MASK = "***"
# LIO keeps a CHAP secret in 256 bytes, its closing NUL included.
LONGEST = 255


class Secret:
    """A secret: `str`, `repr`, `format` and JSON give `***`; `reveal` alone gives the text.

    Example: `Secret("s3cret").reveal() == "s3cret"`, but `f"{Secret('s3cret')}" == "***"`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Put it on stdin or into a 0600 file, never into argv or a log."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled: it would leave the process")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read it from a text; write it as `***`."""
        return core_schema.no_info_plain_validator_function(
            secret,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema of the written form."""
        return {"type": "string", "minLength": 1, "maxLength": LONGEST}


def secret(value: object) -> Secret:
    """Read a secret: 1 to 255 bytes on one line, as iscsid.conf and LIO can hold it."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or (problem := password_problem(value)):
        wrong = "no text" if not isinstance(value, str) else problem
        raise Unfit("a password in quotes", "correct it", f"a password that is {wrong}")
    return Secret(value)


def password_problem(text: str) -> str | None:
    """Say what keeps `text` from being a CHAP password, without showing it; None if nothing."""
    if not text:
        return "empty"
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST:
        return f"longer than {LONGEST} bytes"
    if not text.isprintable():
        return "not printable text on one line"
    if text != text.strip():
        return "begun or ended by a blank, which iscsid.conf would lose"
    return None
