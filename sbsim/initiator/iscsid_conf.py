"""/etc/iscsi/iscsid.conf: the defaults that every new node record is made with.

A line is `key = value`, a comment or blank; iscsid takes the last of several lines with one key.
Whatever is changed here, every other line stays byte for byte as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sbsim.deployment import Secret
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import UnreadableOutput

PATH = "/etc/iscsi/iscsid.conf"
SECRET_MODE = 0o600
MASK = "***"

_AUTH = "node.session.auth."
METHOD = f"{_AUTH}authmethod"
_LINE = re.compile(r"[ \t]*(?P<key>[^\s=#][^\s=]*)[ \t]*=(?P<value>.*)", re.DOTALL)
# The distribution's examples: "#node.session.auth.authmethod = CHAP".
_COMMENTED = re.compile(r"#[ \t]*(?P<key>[^\s=#]+)[ \t]*=(?P<value>.*)", re.DOTALL)
_KEY = re.compile(r"[^\s=#]{1,200}")
# iscsid reads lines of at most 2 KiB.
_LONGEST_VALUE = 1024


def is_secret(key: str) -> bool:
    """Tell whether a key of iscsid.conf or of a node record holds a password."""
    return "password" in key.rpartition(".")[2]


@dataclass(frozen=True, repr=False)
class IscsidConf:
    """The text of an iscsid.conf; immutable, every change gives a new one.

    Example: `IscsidConf.read(data).with_value("node.startup", "automatic").data`
    """

    text: str

    def __repr__(self) -> str:
        return f"IscsidConf({self.masked()!r})"

    @classmethod
    def read(cls, data: bytes) -> IscsidConf:
        """Return the file's content; bytes that are not UTF-8 are kept as they are."""
        return cls(data.decode("utf-8", "surrogateescape"))

    @property
    def data(self) -> bytes:
        """The file's content."""
        return self.text.encode("utf-8", "surrogateescape")

    def value(self, key: str) -> str | None:
        """Return the value that iscsid uses, None if none is set; `***` for a password."""
        found = self._raw(key)
        return MASK if found is not None and is_secret(key) else found

    def secret(self, key: str) -> Secret | None:
        """Return the value of a password's key, None if none is set."""
        found = self._raw(key)
        return None if found is None else Secret(found)

    def with_value(self, key: str, value: str | Secret) -> IscsidConf:
        """Return a text in which iscsid finds this value.

        The last line that sets the key is changed; else the last comment that shows it as an
        example is un-commented; else a line is appended.
        """
        plain = value.reveal() if isinstance(value, Secret) else value
        _check(key, plain)
        if self._raw(key) == plain:
            return self
        lines = self.text.split("\n")
        index = _last(lines, key, _LINE)
        if index is None:
            index = _last(lines, key, _COMMENTED)
        if index is not None:
            lines[index] = f"{key} = {plain}{_return(lines[index])}"
            return IscsidConf("\n".join(lines))
        ending = "\r\n" if self.text.endswith("\r\n") else "\n"
        gap = ending if self.text and not self.text.endswith("\n") else ""
        return IscsidConf(f"{self.text}{gap}{key} = {plain}{ending}")

    def without(self, key: str) -> IscsidConf:
        """Return a text in which the key is not set: its lines become comments.

        A password does not stay in such a comment.
        """
        lines = self.text.split("\n")
        for index, line in enumerate(lines):
            match = _LINE.fullmatch(line)
            if match and match["key"] == key:
                shown = f"{key} = {MASK}{_return(line)}" if is_secret(key) else line.lstrip(" \t")
                lines[index] = f"#{shown}"
        return IscsidConf("\n".join(lines))

    def masked(self) -> str:
        """Return the text with every password, in comments too, replaced by `***`."""
        return "\n".join(_masked(line) for line in self.text.split("\n"))

    def chap(self) -> ChapSettings:
        """Return the CHAP settings that new node records get."""
        if (self._raw(METHOD) or "None") != "CHAP":
            return ChapSettings()
        return ChapSettings(
            user=self._raw(f"{_AUTH}username"),
            password=self.secret(f"{_AUTH}password"),
            mutual_user=self._raw(f"{_AUTH}username_in"),
            mutual_password=self.secret(f"{_AUTH}password_in"),
        )

    def with_chap(self, chap: ChapSettings) -> IscsidConf:
        """Return a text with these CHAP settings; what they leave out is not set."""
        if chap == self.chap() and (chap.user is not None or self._raw(METHOD) in (None, "None")):
            return self
        wanted: dict[str, str | Secret | None] = {
            METHOD: "CHAP" if chap.user is not None else None,
            f"{_AUTH}username": chap.user,
            f"{_AUTH}password": chap.password,
            f"{_AUTH}username_in": chap.mutual_user,
            f"{_AUTH}password_in": chap.mutual_password,
        }
        conf = self
        for key, value in wanted.items():
            conf = conf.without(key) if value is None else conf.with_value(key, value)
        return conf

    def _raw(self, key: str) -> str | None:
        lines = self.text.split("\n")
        index = _last(lines, key, _LINE)
        match = _LINE.fullmatch(lines[index]) if index is not None else None
        # iscsid ignores a key without a value.
        return match["value"].strip() or None if match else None


def _last(lines: list[str], key: str, pattern: re.Pattern[str]) -> int | None:
    """Return the index of the last line of this form with this key."""
    for index in range(len(lines) - 1, -1, -1):
        match = pattern.fullmatch(lines[index])
        if match and match["key"] == key:
            return index
    return None


def _masked(line: str) -> str:
    match = _LINE.fullmatch(line) or _COMMENTED.fullmatch(line)
    if match is None or not is_secret(match["key"]) or not match["value"].strip():
        return line
    return f"{line[: match.start('value')]} {MASK}{_return(line)}"


def _return(line: str) -> str:
    """Return the carriage return that a line ends with, if it does."""
    return "\r" if line.endswith("\r") else ""


def _check(key: str, value: str) -> None:
    """Refuse what iscsid could not read back as it was given. Never shows the value."""
    good = value == value.strip() and 0 < len(value) <= _LONGEST_VALUE
    if not _KEY.fullmatch(key) or not good or any(mark in value for mark in "\n\r\0"):
        expected = "a key and a value on one line without blanks around them"
        raise UnreadableOutput(PATH, 0, f"{key} = {MASK}", expected)
