"""Secrets kept out of what is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MASK = "***"


class Redaction:
    """The secret values known so far, and their replacement in texts, bytes and JSON values."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    def add(self, *secrets: str) -> None:
        """Register secrets, each also as it looks inside a JSON string."""
        forms = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1]) if form}
        # Longest first: a secret that contains another one leaves no tail behind.
        self._secrets = tuple(sorted({*self._secrets, *forms}, key=lambda one: (-len(one), one)))

    def text(self, text: str) -> str:
        """The text with every secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def data(self, data: str | bytes) -> bytes:
        """A command's output as bytes, every secret replaced."""
        if isinstance(data, str):
            return _bytes(self.text(data))
        for secret in self._secrets:
            data = data.replace(_bytes(secret), MASK.encode())
        return data

    def values(self, value: Any) -> Any:
        """A value as plain JSON, secrets replaced in every text but a mapping's keys.

        Keys are field names of ours, and one of them may well be `password`.
        """
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(key): self.values(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.values(item) for item in value]
        if isinstance(value, set | frozenset):
            return sorted(self.values(item) for item in value)
        if isinstance(value, bytes):
            return self.data(value).decode("utf-8", errors="replace")
        return self.text(str(value))


def _bytes(text: str) -> bytes:
    """The bytes a text was read from; surrogates that stand for no byte are spelt out."""
    try:
        return text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", errors="backslashreplace")
