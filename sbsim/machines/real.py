"""Where uuids and the time of day come from, outside a simulated world; nothing else is asked."""

from __future__ import annotations

import time
import uuid


def ids() -> str:
    """A new uuid, as 32 hex digits."""
    return uuid.uuid4().hex


def now() -> float:
    """Seconds since 1970."""
    return time.time()
