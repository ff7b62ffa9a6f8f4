"""The JSON Schema of a description, for editors."""

from __future__ import annotations

from typing import Any

from sbsim.deployment.deployment import Deployment


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the TOML file's form.

    It knows keys, types and limits; what compares fields with one another only `load` checks.
    """
    model = _without_null(Deployment.model_json_schema(mode="validation"))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model,
        "title": "sbsim deployment description",
        "description": model["description"].partition("\n")[0],
    }


def _without_null(value: Any) -> Any:
    """Take null out of the schema: TOML has none, a key is there or not."""
    if isinstance(value, list):
        return [_without_null(element) for element in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_null(inner) for key, inner in value.items()}
    if kept.get("default", "") is None:
        del kept["default"]
    options = kept.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        options.remove({"type": "null"})
        if len(options) == 1:
            del kept["anyOf"]
            kept = {**options[0], **kept}
    return kept
