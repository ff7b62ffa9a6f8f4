"""A lab refuses what it cannot be, before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.backends import LabBackend
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import UsageError
from sbsim.lab.fitness import check_fits

DEPLOYMENTS = default_deployment().parent
SIMULATED_ONLY = {"guide-openfiler.toml"}


@pytest.mark.parametrize(
    "file", sorted({one.name for one in DEPLOYMENTS.glob("*.toml")} - SIMULATED_ONLY)
)
def test_lab_can_be_what_is_described(file: str) -> None:
    check_fits(load(DEPLOYMENTS / file))


def test_lab_refuses_the_guides_own_array_and_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBSIM_CACHE", str(tmp_path))
    with pytest.raises(UsageError) as raised:
        LabBackend(load(DEPLOYMENTS / "guide-openfiler.toml"))
    assert raised.value.exit_status == 2
    for words in (
        "a lab cannot be the deployment guide-openfiler",
        "os_release: expected debian-12, which a lab's machines run, found centos-7.4",
        "storage server openfiler: expected no inquiry",
        "vendor 'OPNFILER', product 'VIRTUAL-DISK', revision '0', designator 't10'",
        "Run it on simulated machines (`sbsim accept FILE`, without --backend lab)",
    ):
        assert words in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_each_of_them_is_refused_alone() -> None:
    deployment = load(DEPLOYMENTS / "guide-openfiler.toml")
    with pytest.raises(UsageError) as raised:
        check_fits(deployment.model_copy(update={"os_release": "debian-12"}))
    assert "os_release" not in str(raised.value)
    tutorial = load(DEPLOYMENTS / "tutorial.toml")
    with pytest.raises(UsageError, match=r"found centos-7\.4\. Run"):
        check_fits(tutorial.model_copy(update={"os_release": "centos-7.4"}))
