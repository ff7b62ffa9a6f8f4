"""A secret shows itself to nobody; a password is found where the description says."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.helpers import reset_ids, set_uid

from sbsim.deployment import Chap, PasswordReference, Secret, load, report
from sbsim.errors import UsageError

CANARY = "canary-8c1f"


def reference(**values: str) -> PasswordReference:
    return PasswordReference.model_validate(values)


@given(st.text(min_size=4).filter(lambda text: "*" not in text))
def test_secret_is_masked_everywhere(text: str) -> None:
    secret = Secret(text)
    assert {str(secret), repr(secret), f"{secret}", f"{[secret]}"[1:-1]} == {"***"}
    assert secret.reveal() == text


def test_secret_compares_by_its_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_secret_is_copied_but_not_pickled() -> None:
    assert copy.deepcopy([Secret("a")]) == [Secret("a")]
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(Secret("a"))


def test_models_do_not_show_the_password(tmp_path: Path, small: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(small.replace("canary-of-hosts", CANARY))
    deployment = load(path)
    shown = f"{deployment}{deployment!r}{deployment.model_dump_json()}{deployment.model_dump()}"
    assert CANARY not in shown
    assert "***" in deployment.model_dump_json()
    assert deployment.chap is not None
    assert deployment.chap.password.resolve(lab=True, base=tmp_path).reveal() == CANARY


def test_no_finding_shows_the_password(tmp_path: Path, small: str) -> None:
    path = tmp_path / "x.toml"
    places = ["password = 'C'", "password = ['C']", "password = {env = 'C!'}", "pasword = 'C'"]
    places += ["password = {env = 'X', lab_default = ['C']}", "password = {file = ['C']}"]
    places += ["password = {env = 'X', lab_default = ' C'}", "password = {password = 'C'}"]
    places += ["password = {env = 'X', file = 'y', lab_default = 'C'}", "secret = 'C'"]
    line = small.splitlines()[small[: small.index("canary-of-hosts")].count("\n")]
    for place in places:
        path.write_text(small.replace(line, place.replace("C", CANARY)))
        findings, deployment = report(path)
        assert deployment is None
        assert findings
        assert CANARY not in "".join(f"{finding}{finding!r}" for finding in findings)
    path.write_text(small[: small.index("[chap]")] + f"chap = '{CANARY}'\n")
    assert CANARY not in "".join(map(str, report(path)[0]))


def test_pydantic_itself_does_not_show_the_password() -> None:
    with pytest.raises(ValueError, match="user") as caught:
        Chap.model_validate({"user": 5, "password": {"env": "X", "lab_default": ["canary"]}})
    assert "canary" not in str(caught.value)


def test_variable_comes_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SB_TEST", CANARY)
    found = reference(env="SB_TEST", lab_default="password").resolve(lab=True, base=Path("/"))
    assert found == Secret(CANARY)


@pytest.mark.parametrize("value", [None, ""])
def test_default_serves_in_a_lab_only(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SB_TEST", raising=False)
    if value is not None:
        monkeypatch.setenv("SB_TEST", value)
    password = reference(env="SB_TEST", lab_default="password")
    assert password.resolve(lab=True, base=Path("/")) == Secret("password")
    with pytest.raises(UsageError, match="SB_TEST, which is not set"):
        password.resolve(lab=False, base=Path("/"))


def test_file_is_sought_beside_the_description(fs: FakeFilesystem) -> None:
    fs.create_file("/etc/site/chap.secret", contents=f"{CANARY}\n")
    fs.create_file("/absolute", contents=f"{CANARY}\r\n")
    for file in ("chap.secret", "/absolute"):
        found = reference(file=file).resolve(lab=False, base=Path("/etc/site"))
        assert found == Secret(CANARY)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "/chap.secret, which is missing or empty"),
        (b"", "missing or empty"),
        (b"\n", "missing or empty"),
        (b"canary\nsecond", "not printable text on one line"),
        (b"canary \n", "begun or ended by a blank"),
        (b"canary\xff", "not UTF-8"),
        (b"canary" * 50, "longer than 255 bytes"),
        (b"canary" * 1000, "too long"),
    ],
)
def test_wrong_file(fs: FakeFilesystem, content: bytes | None, words: str) -> None:
    if content is not None:
        fs.create_file("/chap.secret", contents=content)
    with pytest.raises(UsageError) as caught:
        reference(file="chap.secret").resolve(lab=False, base=Path("/"))
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_unreadable_file(fs: FakeFilesystem) -> None:
    fs.create_file("/chap.secret", contents="x", st_mode=0o100000)
    set_uid(1000)
    try:
        with pytest.raises(UsageError, match=r"/chap\.secret: Permission denied"):
            reference(file="chap.secret", lab_default="x").resolve(lab=True, base=Path("/"))
    finally:
        reset_ids()


def test_no_place_at_all() -> None:
    with pytest.raises(UsageError, match="no place"):
        PasswordReference().resolve(lab=False, base=Path("/"))


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_file_that_others_can_read_is_a_warning(
    tmp_path: Path, small: str, mode: int, warned: bool
) -> None:
    (tmp_path / "chap.secret").write_text(CANARY)
    (tmp_path / "chap.secret").chmod(mode)
    path = tmp_path / "x.toml"
    path.write_text(small.replace('env = "ARRAY_PASSWORD"', 'file = "chap.secret"'))
    findings, deployment = report(path)
    assert deployment is not None
    assert [finding.severity for finding in findings] == ["warning"] * warned
    for finding in findings:
        assert finding.field == "chap.mutual.password.file"
        assert f"warning: found a file of mode {mode:04o}" in str(finding)
        assert small.splitlines()[finding.line - 1].startswith("password") if finding.line else 0
    assert load(path) == deployment
