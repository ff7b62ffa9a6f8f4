"""The times after which an initiator gives up waiting."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.initiator.errors import UnreadableOutput


@dataclass(frozen=True)
class Timeouts:
    """Seconds; the defaults are open-iscsi's own. They hold for sessions that log in afterwards.

    A path that died is noticed after `noop_interval` + `noop_timeout`; its I/O then fails after
    another `replacement`. `login` limits one attempt of `login_retries`.
    """

    replacement: int = 120
    noop_interval: int = 5
    noop_timeout: int = 5
    login: int = 15
    login_retries: int = 8

    def settings(self) -> dict[str, str]:
        """Return the keys of iscsid.conf and of node records with their values."""
        return {key: str(getattr(self, name)) for name, key in KEYS.items()}


KEYS = {
    "replacement": "node.session.timeo.replacement_timeout",
    "noop_interval": "node.conn[0].timeo.noop_out_interval",
    "noop_timeout": "node.conn[0].timeo.noop_out_timeout",
    "login": "node.conn[0].timeo.login_timeout",
    "login_retries": "node.session.initial_login_retry_max",
}


def read_timeouts(source: str, settings: dict[str, str | None]) -> Timeouts:
    """Return the time-outs in `settings`; what is not set there has open-iscsi's default."""
    found: dict[str, int] = {}
    for name, key in KEYS.items():
        value = settings.get(key)
        if value is None:
            continue
        sign, digits = value[:1] == "-", value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
            raise UnreadableOutput(source, 0, f"{key} = {value}", "a whole number of seconds")
        found[name] = -int(digits) if sign else int(digits)
    return Timeouts(**found)
