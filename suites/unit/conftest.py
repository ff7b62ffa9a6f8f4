"""How hypothesis runs here: machines are shared and noisy, so no example is held to a time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("sbsim", deadline=None)
settings.load_profile("sbsim")
