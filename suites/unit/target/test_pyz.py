"""The zip holds what the storage server needs, and nothing else."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sbsim.errors import SbsimError
from sbsim.target import pyz


def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(pyz.program()))


def test_zip_is_the_same_whenever_it_is_made() -> None:
    first = pyz.program()
    pyz.program.cache_clear()
    assert pyz.program() == first
    assert {entry.date_time[0] for entry in _archive().infolist()} == {1980}


def test_zip_is_made_once_in_a_process() -> None:
    assert pyz.program() is pyz.program()
    assert len(pyz.digest()) == 64


def test_every_module_is_there_as_source_and_compiled() -> None:
    names = set(_archive().namelist())
    sources = {name for name in names if name.endswith(".py")}
    assert {f"{name}c" for name in sources} == names - sources
    assert {
        "__main__.py",
        "sbsim/target/program.py",
        "rtslib_fb/root.py",
        "pyudev/core.py",
    } <= names
    assert not any("target_server" in name or "wanted" in name for name in names)


@pytest.mark.parametrize("module", pyz.SHIPPED)
def test_shipped_modules_import_only_what_travels_with_them(module: str) -> None:
    names = {f"sbsim.target.{name}" for name in pyz.SHIPPED} | {"sbsim.target", "rtslib_fb"}
    tree = ast.parse((Path(pyz.__file__).parent / f"{module}.py").read_text())
    for node in ast.walk(tree):
        wanted = []
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            wanted = [str(node.module)]
        for name in wanted:
            assert name in names or name.split(".")[0] in sys.stdlib_module_names, name


def _run(tmp_path: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    program = tmp_path / "program.pyz"
    program.write_bytes(pyz.program())
    # Isolated: neither this checkout nor its packages can lend a module.
    return subprocess.run(
        [sys.executable, "-I", "-S", str(program), *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_zip_runs_alone_and_answers_in_json(tmp_path: Path) -> None:
    done = _run(tmp_path, "fly")
    assert (done.returncode, done.stderr) == (2, "")
    assert "usage" in json.loads(done.stdout)["error"]


def test_zip_runs_alone_and_reads_its_input(tmp_path: Path) -> None:
    done = _run(tmp_path, "apply", text='{"owner": 5}')
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["error"].startswith("owner: expected a text")


def test_rtslib_loads_from_the_zip(tmp_path: Path) -> None:
    program = tmp_path / "program.pyz"
    program.write_bytes(pyz.program())
    code = f"import sys; sys.path.insert(0, {str(program)!r}); import rtslib_fb; print(rtslib_fb)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert str(program) in done.stdout, done.stderr


def test_compiled_modules_are_used(tmp_path: Path) -> None:
    program = tmp_path / "broken.pyz"
    with zipfile.ZipFile(program, "w") as copy, _archive() as archive:
        for name in archive.namelist():
            data = archive.read(name)
            copy.writestr(name, b"raise SystemExit('source')" if name.endswith(".py") else data)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), "fly"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SbsimError, match="the Python package no_such_library is missing"):
        pyz._folder("no_such_library")
