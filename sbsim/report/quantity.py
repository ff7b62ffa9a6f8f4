"""Sizes, durations, dates and values as the report prints them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

VALUE_LIMIT = 6000
_SHORT = 72


def size(count: int) -> str:
    """Bytes in decimal units, as disks are sold: 20971520000 -> 20.97 GB."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.4g} {unit}"


def memory(count: int) -> str:
    """Bytes in binary units, as memory is sold: 8589934592 -> 8 GiB."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.3g} {unit}"


def duration(seconds: float) -> str:
    """Seconds as one reads them: 0.08 s, 48.7 s, 3 min 42 s, 1 h 02 min."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 119.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def moment(epoch: float) -> str:
    """Seconds since the epoch as a UTC time; the bare number where that is no date."""
    try:
        return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{epoch:g}"


def value(item: Any) -> str:
    """An observed value as text: plain where it is plain, else JSON, indented when long."""
    if isinstance(item, str):
        return item
    if isinstance(item, list) and item and all(isinstance(one, str) for one in item):
        return "\n".join(item)
    flat = json.dumps(item, ensure_ascii=False)
    if len(flat) <= _SHORT:
        return flat
    if isinstance(item, list):
        return "\n".join(json.dumps(one, ensure_ascii=False) for one in item)
    return json.dumps(item, ensure_ascii=False, indent=1)
