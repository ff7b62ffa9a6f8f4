"""What a drawing is made of: shapes with places, and texts that fit their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sbsim.report.requirements import Wording

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """A rectangle with round corners; `style` is a CSS class."""

    x: float
    y: float
    width: float
    height: float
    style: str
    radius: float = 8


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    style: str


@dataclass(frozen=True)
class Label:
    """A text at its base line. `whole` is what it was before it was cut to fit, or empty."""

    x: float
    y: float
    text: str | Wording
    style: str
    anchor: Anchor = "start"
    whole: str = ""


@dataclass(frozen=True)
class Icon:
    """A symbol of the page, by the middle: states differ in shape, not in colour alone."""

    x: float
    y: float
    name: str
    size: float = 14

    @property
    def left(self) -> float:
        """The left edge."""
        return self.x - self.size / 2

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y - self.size / 2


@dataclass(frozen=True)
class Dot:
    """A joint of two lines."""

    x: float
    y: float
    style: str


@dataclass
class Drawing:
    """Shapes by layer, lowest first. Sizes are CSS pixels at scale 1."""

    width: float
    height: float = 0
    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    icons: list[Icon] = field(default_factory=list)

    def text(
        self,
        place: tuple[float, float],
        text: str | Wording,
        style: str,
        *,
        room: float,
        anchor: Anchor = "start",
        keep_end: bool = False,
    ) -> None:
        """Place a text, cut to the room it has; `keep_end` for names that differ at their end."""
        whole = ""
        if isinstance(text, str):
            em = _EM.get(style.split()[0], 7.0)
            fitting = fit(text, room / em, keep_end=keep_end)
            whole = text if fitting != text else ""
            text = fitting
        self.labels.append(Label(*place, text, style, anchor, whole))


# Width of an average letter per text class, a little generous: fonts differ between machines.
_EM = {"name": 8.4, "mono": 7.0, "small": 6.4, "muted": 6.6}


def fit(text: str, letters: float, *, keep_end: bool = False) -> str:
    """The text, or as much of it as fits into so many letters, with an ellipsis."""
    if _letters(text) <= letters:
        return text
    kept = ""
    for letter in reversed(text) if keep_end else iter(text):
        if _letters(kept) + _letters(letter) + 1 > letters:
            break
        kept += letter
    return f"…{kept[::-1]}" if keep_end else f"{kept}…"


def _letters(text: str) -> float:
    return round(sum(_widths(text)), 6)  # tenths do not add up exactly


def _widths(text: str) -> Iterator[float]:
    for letter in text:
        yield 1.8 if unicodedata.east_asian_width(letter) in "WF" else 1.0
