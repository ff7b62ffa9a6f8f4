"""Every profile by its name."""

from sbsim.sharedblock import stock, zstack_2_6, zstack_5
from sbsim.sharedblock.profile import Profile

_PROFILES: dict[str, Profile] = {
    one.name: one for one in (zstack_2_6.PROFILE, zstack_5.PROFILE, stock.PROFILE)
}


def profile(name: str) -> Profile:
    """The profile of that name, one of the description's `PROFILES`."""
    return _PROFILES[name]
