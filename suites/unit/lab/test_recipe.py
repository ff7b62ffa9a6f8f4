from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.lab.recipe import default_recipe


def test_equal_recipes_have_one_key_and_others_another() -> None:
    assert default_recipe().key == default_recipe().key
    assert replace(default_recipe(), packages=("systemd",)).key != default_recipe().key


def test_hosts_image_lacks_what_the_platform_installs() -> None:
    recipe = default_recipe()
    assert not set(recipe.packages) & set(recipe.offered)
    assert {"lvm2-lockd", "sanlock", "multipath-tools"} <= set(recipe.offered)


def test_mirror_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SBSIM_MIRROR", "http://mirror.example/")
    assert default_recipe().sources[0] == "deb http://mirror.example/debian bookworm main"
