"""What is wrong with a description's shape: keys and single values, in our words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sbsim.deployment.deployment import Deployment
from sbsim.deployment.finding import Fault, FieldPath, field_path, quoted, shown
from sbsim.deployment.nearest import nearest
from sbsim.deployment.unfit import Unfit

_Error = Mapping[str, Any]


def faults_of_shape(error: ValidationError, most: int) -> Iterator[Fault]:
    """Return our faults for what pydantic found, looking at no more than its first `most`."""
    found = islice(error.errors(include_url=False), most)
    errors = [each for each in found if not _follows(each)]
    missing = {_path(each) for each in errors if each["type"] == _MISSING}
    unknown = {
        _path(each): _unknown(_path(each), missing) for each in errors if each["type"] == _EXTRA
    }
    # A mistyped or misplaced key is one fault, not two.
    missing -= {meant for meant, _ in unknown.values() if meant}
    for each in errors:
        path = _path(each)
        if path in unknown:
            yield unknown[path][1]
        elif each["type"] != _MISSING:
            yield _wrong(path, each)
        elif path in missing:
            yield missing_at(path)


def _follows(error: _Error) -> bool:
    """Say whether the error follows from another: an array whose elements are all wrong."""
    return error["type"] == "too_short" and bool(error["input"])


_EXTRA = "extra_forbidden"
_MISSING = "missing"


def _path(error: _Error) -> FieldPath:
    return tuple(error["loc"])


def missing_at(path: FieldPath) -> Fault:
    """Return the fault of a key that is not there, with what to write."""
    info = _field(path)
    what = info.description if info and info.description else "a value"
    return Fault(path, "nothing", what, f"add {_example(path, info)}")


def empty_at(path: FieldPath) -> Fault:
    """Return the fault of an array without elements, with what to write."""
    return Fault(path, shown([]), *_not_empty(path))


def _not_empty(path: FieldPath) -> tuple[str, str]:
    return "at least one element", f"add {_example(path, _field(path))}"


def _example(path: FieldPath, info: FieldInfo | None) -> str:
    """Return what to write at `path`: a table's header or a key with a value."""
    if info is not None and info.examples:
        return f"for example {path[-1]} = {_toml(info.examples[0])}"
    return f"a table {_header(path, is_array=info is not None and _is_array(info.annotation))}"


def _header(path: FieldPath, is_array: bool = False) -> str:
    """Return the header of the table at `path`: `[chap]`, or `[[hosts]]` for an element."""
    header = field_path(tuple(part for part in path if isinstance(part, str)))
    return f"[[{header}]]" if is_array or isinstance(path[-1], int) else f"[{header}]"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return json.dumps(value)


def _unknown(path: FieldPath, missing: set[FieldPath]) -> tuple[FieldPath | None, Fault]:
    """Return the path that is meant by an unknown key, if it can be guessed, and the fault."""
    key = str(path[-1])
    known = known_keys(path[:-1])
    guess = nearest(key, known)
    meant: FieldPath | None = None
    if (key,) in missing:
        # TOML takes a key that follows a table's header for one of the table.
        meant = (key,)
        advice = f"move '{key}' to the top of the file, before the first [table]"
    elif guess is not None:
        meant = (*path[:-1], guess)
        advice = f"did you mean '{guess}'?"
    else:
        advice = "remove it; known keys are " + ", ".join(known)
    where = f"a key of {_header(path[:-1])}" if path[:-1] else "a key of the description"
    return meant, Fault(path, f"the unknown key {quoted(key)}", where, advice)


def _wrong(path: FieldPath, error: _Error) -> Fault:
    unfit = (error.get("ctx") or {}).get("error")
    value = error["input"]
    if isinstance(unfit, Unfit):
        found = unfit.found or shown(value)
        expected, advice = unfit.expected, unfit.advice
    else:
        found, (expected, advice) = shown(value), _structure(path, error)
    return Fault(path, "a value that is not shown" if _is_secret(path) else found, expected, advice)


def _structure(path: FieldPath, error: _Error) -> tuple[str, str]:
    """Return what was expected instead of a wrong array or table, and what to do."""
    info = _field(path)
    context = error.get("ctx") or {}
    match error["type"]:
        case "too_short":
            return _not_empty(path)
        case "too_long":
            return f"at most {context['max_length']} elements", "shorten it"
        case "tuple_type" if info is not None and not info.examples:
            header = _header(path, is_array=True)
            return "an array of tables", f"write {header} above each of its tables"
        case "tuple_type":
            return "an array", f"write {_example(path, info)}"
        case "model_type" if info is not None and info.examples:
            return "a table", f"write {_example(path, info)}"
        case "model_type":
            keys = ", ".join(known_keys(path))
            return f"a table with the keys {keys}", f"write {_header(path)} and its keys below"
    what = info.description if info and info.description else "another value"
    return what, "correct it"


def _is_secret(path: FieldPath) -> bool:
    """Say whether a value here may be a password, or hold one."""
    return path[0] == "chap" and path[-1] != "user"


def known_keys(path: FieldPath) -> tuple[str, ...]:
    """Return the keys that the table at `path` can have."""
    model = _model(path)
    return tuple(model.model_fields) if model is not None else ()


def _field(path: FieldPath) -> FieldInfo | None:
    """Return the model's field at `path`, None for an element of an array."""
    model = _model(path[:-1])
    return model.model_fields.get(str(path[-1])) if model is not None and path else None


def _model(path: FieldPath) -> type[BaseModel] | None:
    """Return the model of the table at `path`."""
    model: type[BaseModel] | None = Deployment
    for part in path:
        if isinstance(part, str) and model is not None:
            info = model.model_fields.get(part)
            model = _model_in(info.annotation) if info is not None else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation such as `tuple[Host, ...]` or `Chap | None` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _is_array(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, UnionType, Annotated):
        return any(_is_array(inner) for inner in get_args(annotation))
    return origin is tuple
