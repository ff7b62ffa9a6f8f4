"""The index of captured output against the files."""

from __future__ import annotations

import pytest

from sbsim.initiator.iscsid_conf import IscsidConf

from .captured import FOLDER, captured, entries


@pytest.mark.parametrize("system", ["debian12", "c74"])
def test_index_names_every_file_and_no_other(system: str) -> None:
    named = {entry["file"] for entry in entries(system)}
    root = FOLDER / system
    there = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert named == there - {"index.toml"}


def test_no_password_was_captured() -> None:
    for entry in entries("debian12"):
        for line in captured(f"debian12/{entry['file']}").splitlines():
            key, _, value = line.partition(" = ")
            if key.endswith("password"):
                assert value in ("********", "password"), entry["file"]  # the package's example
    conf = IscsidConf(captured("debian12/iscsid_conf/iscsid.conf.distribution.txt"))
    assert conf.secret("node.session.auth.password") is None
