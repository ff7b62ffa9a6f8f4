"""The base of every model of the description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

# Of a list that may be left out, but not written without an element: `rules.transports` says so.
NOT_EMPTY: dict[str, Any] = {"minItems": 1}


class Model(BaseModel):
    """A frozen model that refuses unknown keys.

    Inputs are kept out of pydantic's own messages, because an input may be a secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True)
class Parsed:
    """Tells pydantic to read a value with one of our parsers, which raises `Unfit`.

    The rules read single values with the same parsers, so both always agree on what fits.
    `schema` is the JSON Schema of the value as it is written in TOML.

    Example: `Cpus = Annotated[int, Parsed(whole_number(1, 1024), {"type": "integer"})]`
    """

    parse: Callable[[object], object]
    schema: dict[str, Any] = field(hash=False)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Replace pydantic's own reading of the type."""
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema of the written form."""
        return dict(self.schema)
