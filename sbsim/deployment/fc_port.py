"""Ports of a Fibre Channel fabric: of hosts, and of controllers."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.model import Model
from sbsim.deployment.text import Name
from sbsim.deployment.wwpn import EXAMPLE, FCOE_PREFIX, Wwpn, mac_of, naa_of
from sbsim.errors import UsageError


class FcPort(Model):
    """A port on a link that is a Fibre Channel fabric. `str` gives its WWPN."""

    wwpn: Wwpn = Field(
        description="its WWPN, which no other port has", examples=["20:00:52:54:5b:fc:01:01"]
    )
    link: Name = Field(description="the link that it is on", examples=["fabric-1"])

    @property
    def naa(self) -> str:
        """Its name as LIO's targets and ACLs have it."""
        return naa_of(self.wwpn)

    @property
    def mac(self) -> str:
        """The MAC of the card that is this port over Ethernet.

        Machines that sbsim makes have no host adapters. Raises UsageError for any other WWPN.
        """
        found = mac_of(self.wwpn)
        if found is None:
            raise UsageError(
                f"a simulated or lab machine has its FC ports over Ethernet: expected a WWPN of "
                f"{FCOE_PREFIX.rstrip(':')} and a card's MAC, found {self.wwpn}; write for "
                f"example {EXAMPLE}"
            )
        return found

    def __str__(self) -> str:
        return self.wwpn
