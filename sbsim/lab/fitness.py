"""Whether a lab can be what is described: its machines run one release, its arrays are LIO."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment import Deployment, Inquiry
from sbsim.errors import UsageError

# What the image is made of; see `recipe`.
RELEASE = "debian-12"


def check_fits(deployment: Deployment) -> None:
    """Raise UsageError, which names all that a lab cannot be."""
    unfit = tuple(_unfit(deployment))
    if unfit:
        raise UsageError(
            f"a lab cannot be the deployment {deployment.name}: {'; '.join(unfit)}. Run it on "
            "simulated machines (`sbsim accept FILE`, without --backend lab), or describe "
            "another one for the lab"
        )


def _unfit(deployment: Deployment) -> Iterator[str]:
    if deployment.os_release != RELEASE:
        yield (
            f"os_release: expected {RELEASE}, which a lab's machines run, found "
            f"{deployment.os_release}"
        )
    for server in deployment.storage_servers:
        if server.inquiry != Inquiry():
            yield (
                f"storage server {server.name}: expected no inquiry, because a lab's array is "
                f"LIO, which has no other vendor's ids, found {_shown(server.inquiry)}"
            )


def _shown(inquiry: Inquiry) -> str:
    told = inquiry.model_dump(exclude_defaults=True)
    return ", ".join(f"{key} {value!r}" for key, value in told.items())
