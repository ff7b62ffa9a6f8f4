"""Which requirements a deployment's variants judge, and what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sbsim.acceptance.options import Options
from sbsim.acceptance.run import Run
from sbsim.acceptance.variants import variants_of
from sbsim.bundle import default_deployment, default_variants
from sbsim.errors import UsageError

TWO_PATHS = ("R3.13", "R3.14")


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(default_deployment(), "sim", tmp_path, also=default_variants())


def judged(options: Options) -> dict[str, tuple[str, ...]]:
    return {name: one.ids for name, one in variants_of(Run(options)).items()}


def test_each_variant_judges_what_the_deployment_lacks(options: Options) -> None:
    assert judged(options) == {"multipath": TWO_PATHS, "fc": ("R1.3",)}


def test_requirement_is_judged_once(options: Options) -> None:
    both = (*default_variants(), default_deployment().with_name("fc-multipath.toml"))
    assert judged(dataclasses.replace(options, also=both)) == {
        "multipath": TWO_PATHS, "fc": ("R1.3",)
    }  # fmt: skip
    assert judged(dataclasses.replace(options, also=both[2:])) == {
        "fc-multipath": ("R1.3", *TWO_PATHS)
    }


def test_only_what_is_asked_for_is_judged(options: Options) -> None:
    assert judged(dataclasses.replace(options, only=("R1.3",))) == {"fc": ("R1.3",)}
    assert judged(dataclasses.replace(options, only=("R3.9", "2"))) == {}


def test_variant_is_run_as_the_deployment_is(options: Options, tmp_path: Path) -> None:
    asked = dataclasses.replace(options, profile="stock", io_timeout=5, seed=3)
    run = variants_of(Run(asked))["fc"].run
    assert (run.deployment.profile, run.deployment.lab.io_timeout) == ("stock", 5)
    assert run.options.seed == 3
    assert run.options.out == tmp_path / "variants" / "fc"
    assert run.options.only == ("R1.3",)


@pytest.mark.parametrize("asked", [{"apply": False}, {"lab": "mine", "backend": "lab"}])
def test_machines_that_are_there_have_no_variants(
    options: Options, asked: dict[str, object]
) -> None:
    with pytest.raises(UsageError, match="--also brings machines of its own up"):
        variants_of(Run(dataclasses.replace(options, **asked)))  # type: ignore[arg-type]


def test_two_variants_of_one_name_are_refused(options: Options, tmp_path: Path) -> None:
    twin = tmp_path / "twin.toml"
    twin.write_text(default_deployment().with_name("fc.toml").read_text())
    also = (default_deployment().with_name("fc.toml"), twin)
    with pytest.raises(UsageError, match=r"twin\.toml: another --also is named 'fc' too"):
        variants_of(Run(dataclasses.replace(options, also=also)))


def test_wrong_variant_is_named(options: Options, tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(UsageError, match=r"missing\.toml"):
        variants_of(Run(dataclasses.replace(options, also=(missing,))))
