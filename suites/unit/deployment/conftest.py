"""What the description's tests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sbsim.deployment import Finding, report

_SMALL = (Path(__file__).parent / "small.toml").read_text()


@pytest.fixture(scope="session")
def small() -> str:
    return _SMALL


@pytest.fixture
def findings_of(tmp_path: Path) -> Callable[[str], list[Finding]]:
    def check(text: str) -> list[Finding]:
        path = tmp_path / "description.toml"
        path.write_text(text)
        return report(path)[0]

    return check


def edited(edits: Sequence[str]) -> str:
    text = _SMALL
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert text.count(old) == 1, f"{old!r} must stand in the description once"
        text = text.replace(old, new)
    assert text.count("# HERE") == 1
    return text


def assert_says(finding: Finding, text: str, words: str) -> None:
    marked = text[: text.index("# HERE")].count("\n") + 1
    assert finding.line == marked, str(finding)
    assert str(finding).startswith(f"line {marked}, {finding.field}: ")
    for word in words.split("|"):
        assert word in str(finding)
    for foreign in ("Input should", "pydantic", "https://", "Value error", "canary", "NoneType"):
        assert foreign not in str(finding)
    assert finding.found
    assert finding.advice


@pytest.fixture
def only_finding(findings_of: Callable[[str], list[Finding]]) -> Callable[..., None]:
    """Check that the edits cause one finding and no other."""

    def check(field: str, words: str, edits: Sequence[str]) -> None:
        text = edited(edits)
        findings = findings_of(text)
        assert [finding.field for finding in findings] == [field], "\n".join(map(str, findings))
        assert_says(findings[0], text, words)

    return check


@pytest.fixture
def finding_among(findings_of: Callable[[str], list[Finding]]) -> Callable[..., None]:
    """Check that the edits cause the finding, and maybe others."""

    def check(field: str, words: str, edits: Sequence[str]) -> None:
        text = edited(edits)
        found = [finding for finding in findings_of(text) if finding.field == field]
        assert len(found) == 1
        assert_says(found[0], text, words)

    return check
