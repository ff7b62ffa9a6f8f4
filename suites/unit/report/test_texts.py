"""The fixed texts: there, and in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from sbsim.bundle import bundle_folder
from sbsim.report import texts
from sbsim.report.diagnoses import DIAGNOSES
from sbsim.report.html import environment


def test_every_text_is_there_in_both_languages() -> None:
    for key in texts._TEXTS:
        en, zh = texts._TEXTS[key]
        assert en.isascii() or {*en} - set(map(chr, range(128))) <= set("…·"), key
        assert set(re.findall(r"{\w+}", en)) == set(re.findall(r"{\w+}", zh)), key


def test_every_text_the_templates_name_exists() -> None:
    folder = Path(texts.__file__).parent / "templates"
    for path in folder.glob("*.jinja"):
        for key in re.findall(r"\b(?:t|words)\([\"']([\w-]+)[\"'](?! ~)", path.read_text()):
            assert key in texts._TEXTS, f"{path.name}: {key}"


def test_every_finding_and_phase_that_is_recorded_has_its_words() -> None:
    code = "".join(
        path.read_text()
        for folder in ("sbsim", "suites/deploy", "suites/operate")
        for path in sorted((bundle_folder() / folder).rglob("*.py"))
    )
    findings = re.findall(r"[fF]inding\(\s*(?:id=)?\"([\w-]+)\"", code)
    phases = re.findall(r"phase\((?:name=)?\"([\w-]+)\"", code)
    assert set(findings) == set(texts.FINDINGS)
    assert set(phases) == set(texts.PHASES)


def test_every_diagnosis_has_its_name() -> None:
    folder = bundle_folder() / "sbsim" / "checks" / "diagnosis"
    code = "".join(path.read_text() for path in sorted(folder.glob("*.py")))
    words = set(re.findall(r"\"([a-z]+(?:-[a-z]+)+)\"", code)) - {"is-active", "is-enabled"}
    named = {f"{name}-{end}" for name in ("sanlock", "lvmlockd") for end in ("not-running",)}
    named |= {f"{name}-setting-differs" for name in ("sanlock", "lvm")}
    assert words | named | {"write-back"} == set(DIAGNOSES)


def test_templates_escape_by_default() -> None:
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
