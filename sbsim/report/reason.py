"""Why a requirement has the status it has, in words of both languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "failed-probe",
    "failed-check",
    "blocked-check",
    "blocked-by",
    "untold-probe",
    "missing-probe",
    "no-probe-defined",
    "no-check-ran",
    "skipped-check",
    "out-of-scope",
    "not-asked-for",
    "single-path",
    "only-looks",
    "over-fc",
    "over-iscsi",
    "variant-not-begun",
]

_WORDS: dict[Kind, tuple[str, str]] = {
    "failed-probe": ("{what}: not as wanted on {where}", "{where} 上的 {what} 不符合期望"),
    "failed-check": ("{what} failed: {detail}", "{what} 失败：{detail}"),
    "blocked-check": ("{what} was blocked: {detail}", "{what} 受阻：{detail}"),
    "blocked-by": (
        "cannot be judged on {where}: {what} failed there",
        "无法在 {where} 上判定：{what} 在该处未通过",
    ),
    "untold-probe": ("{what}: could not be told on {where}", "{where} 上的 {what} 无法判定"),
    "missing-probe": ("{what}: not recorded on {where}", "{where} 上没有 {what} 的记录"),
    "no-probe-defined": ("the catalogue names no probe for it", "需求目录尚未定义其观测项"),
    "no-check-ran": ("no check ran", "没有执行任何检查"),
    "skipped-check": ("{what} was skipped: {detail}", "{what} 已跳过：{detail}"),
    "out-of-scope": (
        "out of scope: the {where} backend lacks {what}",
        "不在范围内：{where} 后端不具备 {what} 能力",
    ),
    "not-asked-for": (
        "out of scope: chapter {what} was not asked for",
        "不在范围内：本次未要求第 {what} 章",
    ),
    "single-path": (
        "out of scope: single path (the description gives no host a second one to a LUN)",
        "不在范围内：单路径（部署描述中没有主机拥有到同一 LUN 的第二条路径）",
    ),
    "only-looks": (
        "out of scope: the run only looks (--no-apply)",
        "不在范围内：本次运行只检查、不改动（--no-apply）",
    ),
    "over-fc": (
        "out of scope: the description reaches its LUNs over Fibre Channel, not by iSCSI",
        "不在范围内：部署描述通过 FC（光纤通道）而非 iSCSI 访问 LUN",
    ),
    "over-iscsi": (
        "out of scope: the description reaches its LUNs by iSCSI, not over Fibre Channel",
        "不在范围内：部署描述通过 iSCSI 而非 FC（光纤通道）访问 LUN",
    ),
    "variant-not-begun": (
        "is judged on the deployment {where}, whose run did not begin",
        "应在部署 {where} 上判定，但该运行未开始",
    ),
}

_NO_DETAIL = ("no reason was recorded", "未记录原因")


@dataclass(frozen=True, order=True)
class Reason:
    """One cause: what (a probe, a check, an id), where (machines), and a detail in plain text."""

    kind: Kind
    what: str = ""
    where: str = ""
    detail: str = ""

    @property
    def en(self) -> str:
        """The cause in English."""
        detail = self.detail or _NO_DETAIL[0]
        return _WORDS[self.kind][0].format(what=self.what, where=self.where, detail=detail)

    @property
    def zh(self) -> str:
        """The cause in Chinese; names, and details that tools gave, stay as they are."""
        detail = self.detail or _NO_DETAIL[1]
        where = self.where.replace(", ", "、")
        return _WORDS[self.kind][1].format(what=self.what, where=where, detail=detail)


def gather(kind: Kind, facts: Iterable[tuple[str, str]]) -> tuple[Reason, ...]:
    """One reason per `what` out of many (what, machine): the machines are listed together."""
    places: dict[str, set[str]] = {}
    for what, where in facts:
        places.setdefault(what, set()).add(where)
    return tuple(Reason(kind, what, ", ".join(sorted(places[what]))) for what in sorted(places))


def english(reasons: Iterable[Reason]) -> str:
    """All causes as one line of English."""
    return "; ".join(reason.en for reason in reasons)
