"""The ssh keys of the lab's machines: one for the client, one that every machine shows as its own.

They live in the cache beside the saved states, which hold machines that already know them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from sbsim.lab.folder import cache_folder


@dataclass(frozen=True)
class Keys:
    """Paths of the private keys; the public ones lie beside them with the suffix .pub."""

    client: Path
    host: Path

    @staticmethod
    def public(path: Path) -> str:
        """The public half of the key at `path`, as one line of an authorized_keys file."""
        return path.with_suffix(".pub").read_text()


def ensure_keys() -> Keys:
    """Return the cache's keys, made at the first call."""
    folder = cache_folder() / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = Keys(client=folder / "client", host=folder / "host")
    for path in (keys.client, keys.host):
        if not path.exists() or not path.with_suffix(".pub").exists():
            _make(path)
    return keys


def _make(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" sbsim\n")
    # The private half last, and whole or not at all: its presence says that the pair is complete.
    temporary = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    temporary.rename(path)
