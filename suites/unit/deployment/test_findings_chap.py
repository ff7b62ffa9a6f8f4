"""Findings of CHAP, which never show a password.

Each case changes the valid description small.toml; the comment `# HERE` marks the line that must
be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def case(name: str, field: str, words: str, *edits: str) -> Any:
    """Edits are old and new texts in turn; `words` (split by |) must be in the finding."""
    return pytest.param(field, words, edits, id=name)


PASSWORD = 'password = {env = "HOSTS_PASSWORD", lab_default = "canary-of-hosts"}'

CHAP = [
    case(
        "two places of a password",
        "chap.password",
        "both env and file|one place",
        'password = {env = "HOSTS_PASSWORD", ',
        'password = {env = "HOSTS_PASSWORD", file = "x", ',
        'canary-of-hosts"}',
        'canary-of-hosts"} # HERE',
    ),
    case(
        "no place of a password",
        "chap.password",
        "neither env nor file",
        PASSWORD,
        'password = {lab_default = "canary-of-hosts"} # HERE',
    ),
    case(
        "password itself",
        "chap.password",
        "a value that is not shown|a table|{env = ",
        PASSWORD,
        'password = "canary-of-hosts" # HERE',
    ),
    case(
        "password as a variable's name",
        "chap.password.env",
        "not shown|name of an environment variable",
        'env = "HOSTS_PASSWORD", lab_default = "canary-of-hosts"}',
        'env = "canary-of-hosts"} # HERE',
    ),
    case(
        "password too long",
        "chap.password.lab_default",
        "not shown|a password",
        'lab_default = "canary-of-hosts"}',
        f'lab_default = "{"canary-of-hosts" * 20}"}} # HERE',
    ),
    case(
        "one variable for both passwords",
        "chap.mutual.password.env",
        "the same env|RFC 7143",
        '{env = "ARRAY_PASSWORD", lab_default = "canary-of-array"}',
        '{env = "HOSTS_PASSWORD", lab_default = "canary-of-array"} # HERE',
    ),
    case(
        "one default for both passwords",
        "chap.mutual.password.lab_default",
        "the same lab_default|RFC 7143",
        '{env = "ARRAY_PASSWORD", lab_default = "canary-of-array"}',
        '{env = "ARRAY_PASSWORD", lab_default = "canary-of-hosts"} # HERE',
    ),
    case("no user", "chap.user", "found ''|a user name", 'user = "hosts"', 'user = "" # HERE'),
]


@pytest.mark.parametrize(("field", "words", "edits"), CHAP)
def test_chap_is_found(
    only_finding: Callable[..., None], field: str, words: str, edits: tuple[str, ...]
) -> None:
    only_finding(field, words, edits)
