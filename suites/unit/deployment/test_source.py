"""Files that cannot be read as TOML: one clear finding each, never a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.helpers import reset_ids, set_uid

from sbsim.deployment import Finding, load, report
from sbsim.deployment.source import LARGEST
from sbsim.errors import DescriptionError


def only(path: str | Path) -> Finding:
    findings, deployment = report(path)
    assert deployment is None
    assert len(findings) == 1
    with pytest.raises(DescriptionError) as caught:
        load(path)
    assert caught.value.findings == tuple(findings)
    assert caught.value.exit_status == 2
    assert caught.value.__cause__ is None
    return findings[0]


def test_missing_file(fs: FakeFilesystem) -> None:
    assert "no file of this name" in str(only("/nowhere/x.toml"))


def test_file_below_a_file(fs: FakeFilesystem) -> None:
    fs.create_file("/x.toml", contents="a = 1")
    assert "no file of this name" in str(only("/x.toml/y.toml"))


def test_directory(fs: FakeFilesystem) -> None:
    fs.create_dir("/folder")
    assert "found a directory" in str(only("/folder"))


def test_unreadable_file(fs: FakeFilesystem) -> None:
    fs.create_file("/x.toml", contents="a = 1", st_mode=0o100000)
    set_uid(1000)
    try:
        assert "may not read" in str(only("/x.toml"))
    finally:
        reset_ids()


def test_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.toml").write_text("a = 1")

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    assert "cannot be opened (Input/output error)" in str(only(tmp_path / "x.toml"))


def test_link_to_itself(fs: FakeFilesystem) -> None:
    fs.create_symlink("/x.toml", "/x.toml")
    assert "cannot be opened" in str(only("/x.toml"))


def test_name_with_a_nul(tmp_path: Path) -> None:
    assert "cannot be opened" in str(only(f"{tmp_path}/x\0.toml"))


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in str(only(tmp_path / "pipe"))


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 1, "an empty file|tutorial.toml"),
        (b" \n\t\n", 1, "an empty file"),
        (b"# nothing\n", 1, "nothing but comments"),
        (b"a = 1\nb = '\xff'\n", 2, "byte 0xff at offset 11, which is not UTF-8|save"),
        (b"\xef\xbb\xbfa = 1\nb = '\xff'\n", 2, "byte 0xff at offset 14"),
        (b"\xff\xfea\x00", 1, "byte 0xff at offset 0"),
        (b"a = 1\nb = '\x00'\n", 2, "a NUL character|remove it"),
        (b"a = 1\n\nb = \n", 3, "no TOML: Invalid value|near column"),
        (b"a = 1\na = 2\n", 2, "no TOML: Cannot overwrite a value"),
        (b"a = [\n1,\n2", 3, "no TOML: Unclosed array|end of the file"),
        (b"a = 1\nb = '''x\n", 2, "no TOML|end of the file"),
        (b"a = 1\n[b\n", 2, "no TOML"),
        (b"hello world", 1, "no TOML"),
        (b"a = 1\nb = " + b"9" * 5000, 2, "beyond all measure"),
        (b"a = 1\nb = " + b"[" * 5000, 2, "nested too deeply"),
        (b"a = 1\n" + b"b." * 5000 + b"c = 1", 2, "nested too deeply"),
    ],
)
def test_content(fs: FakeFilesystem, content: bytes, line: int, words: str) -> None:
    fs.create_file("/x.toml", contents=content)
    finding = only("/x.toml")
    assert finding.line == line
    for word in words.split("|"):
        assert word in str(finding)


def test_huge_file(fs: FakeFilesystem) -> None:
    fs.create_file("/x.toml", contents="#" * (LARGEST + 1))
    assert "found more than 4 MiB" in str(only("/x.toml"))


def test_file_of_the_largest_size_is_read(fs: FakeFilesystem) -> None:
    fs.create_file("/x.toml", contents="#" * LARGEST)
    assert "nothing but comments" in str(only("/x.toml"))


def test_byte_order_mark_and_windows_line_ends_are_accepted(
    tmp_path: Path, small: str, findings_of: Callable[[str], list[Finding]]
) -> None:
    assert findings_of("\ufeff" + small) == []
    path = tmp_path / "windows.toml"
    path.write_bytes(small.replace("\n", "\r\n").encode())
    assert report(path)[0] == []


def test_many_faults_are_cut_off(findings_of: Callable[[str], list[Finding]]) -> None:
    findings = findings_of("".join(f"key{number} = 1\n" for number in range(5000)))
    assert len(findings) == 1001
    assert "more than 1000 faults" in str(findings[-1])
