"""What a value is when it does not fit its field."""

from __future__ import annotations


class Unfit(ValueError):
    """A value that does not fit; raised by the parsers of single values.

    `expected` completes the sentence "expected ...", `advice` says what to do. `found` replaces
    the value itself in the message where the value alone would not show what is wrong.
    """

    def __init__(self, expected: str, advice: str, found: str = "") -> None:
        self.expected = expected
        self.advice = advice
        self.found = found
        # The value is left out on purpose: it may be a secret.
        super().__init__(f"expected {expected}; {advice}")
