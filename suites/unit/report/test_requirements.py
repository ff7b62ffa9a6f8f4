"""The catalogue: complete, and every fault in it told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.errors import UsageError
from sbsim.report.requirements import Catalogue, load

PROVEN = {
    *(f"R2.{number}" for number in (1, 2, 3, 4, 6, 7)),
    *(f"R3.{number}" for number in range(1, 13)),
}
CHAPTERS = '[[chapters]]\nid = "1"\ntitle_en = "One"\ntitle_zh = "一"\n'


def entry(id: str = "R1.1", more: str = "") -> str:
    return (
        f'[[requirements]]\nid = "{id}"\nchapter = "1"\ntext_en = "x"\ntext_zh = "某"\n'
        f'needs = ["machines"]\n{more}\n'
    )


def test_catalogue_holds_every_id_of_the_guide_once(catalogue: Catalogue) -> None:
    counts = {1: 6, 2: 7, 3: 20, 4: 15, 5: 2}
    assert [one.id for one in catalogue.requirements] == [
        f"R{chapter}.{number}"
        for chapter, count in counts.items()
        for number in range(1, count + 1)
    ]


def test_scope_of_a_lab_is_what_this_issue_proves(catalogue: Catalogue) -> None:
    assert {one.id for one in catalogue.in_scope({"machines", "iscsi", "array_control"})} == PROVEN


def test_online_scan_needs_array_control(catalogue: Catalogue) -> None:
    assert {one.id for one in catalogue.in_scope({"machines", "iscsi"})} == PROVEN - {"R3.12"}


def test_what_belongs_to_iscsi_is_no_part_of_a_run_over_fibre_channel(catalogue: Catalogue) -> None:
    over_fc = {one.id for one in catalogue.in_scope({"machines", "fc", "array_control"})}
    assert PROVEN - over_fc == {"R3.3", "R3.5", "R3.6", "R3.7", "R3.8", "R3.10"}
    assert "R1.3" in {one.id for one in catalogue.in_scope({"pool", "fc"})}
    assert "R1.3" not in {one.id for one in catalogue.in_scope({"pool", "iscsi"})}


def test_what_is_proven_has_probes_and_breaks(catalogue: Catalogue) -> None:
    for id in PROVEN:
        requirement = catalogue.requirement(id)
        assert requirement.probes, id
        assert requirement.broken_by, id


def test_chinese_wording_is_chinese(catalogue: Catalogue) -> None:
    for requirement in catalogue.requirements:
        assert any("一" <= letter <= "鿿" for letter in requirement.text_zh), requirement.id
        assert requirement.text_en.isascii(), requirement.id


def test_order_puts_an_id_behind_what_it_comes_after(catalogue: Catalogue) -> None:
    order = [one.id for one in catalogue.in_order()]
    assert sorted(order) == sorted(one.id for one in catalogue.requirements)
    for requirement in catalogue.requirements:
        for before in requirement.after:
            assert order.index(before) < order.index(requirement.id)


def test_unknown_id_names_the_range(catalogue: Catalogue) -> None:
    with pytest.raises(UsageError, match=r"R9\.9 is not in the catalogue.*R1\.1 to R5\.2"):
        catalogue.requirement("R9.9")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("requirements = [", "expected TOML", id="no-toml"),
        pytest.param("", "chapters: Field required", id="empty"),
        pytest.param(CHAPTERS + entry() + entry(), "given twice: R1.1", id="twin"),
        pytest.param(entry(), "chapters", id="no-chapters"),
        pytest.param(CHAPTERS + entry(more='chapters = "1"'), "R1.1.chapters", id="unknown-key"),
        pytest.param(CHAPTERS + entry(id="1.1"), "1.1.id", id="bad-id"),
        pytest.param(CHAPTERS + entry(more='after = ["R7.7"]'), "unknown id R7.7", id="after"),
        pytest.param(CHAPTERS + entry(more='after = ["R1.1"]'), "in a circle: R1.1", id="circle"),
        pytest.param(
            CHAPTERS + entry(more='probes = [{ fact = "size", on = "hots" }]'),
            "R1.1.probes.0.on",
            id="unknown-scope",
        ),
        pytest.param(
            CHAPTERS + entry(more='probes = [{fact="a",on="hosts"},{fact="a",on="storage"}]'),
            "a fact is named twice",
            id="twin-probe",
        ),
    ],
)
def test_faulty_catalogue_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "requirements.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "requirements.toml"
    path.write_text(CHAPTERS + entry(more="x = 1") + entry(id="R1.2", more="y = 2"))
    with pytest.raises(UsageError) as caught:
        load(path)
    assert "R1.1.x" in str(caught.value)
    assert "R1.2.y" in str(caught.value)


def test_missing_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'x = "\xe9"')
    with pytest.raises(UsageError, match="expected UTF-8"):
        load(tmp_path / "latin.toml")
