"""What accept refuses before it touches anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.acceptance.accept import accept
from sbsim.acceptance.options import Options
from sbsim.bundle import default_deployment
from sbsim.errors import UsageError


@pytest.mark.parametrize("below", ["", "sub"])
def test_report_that_cannot_be_written_is_bad_usage(
    below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBSIM_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(UsageError, match="give another"):
        accept(Options(default_deployment(), "lab", file / below))
    assert file.read_text() == "not a folder"
    assert not (tmp_path / "cache").exists()
