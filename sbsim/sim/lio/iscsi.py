"""The iSCSI fabric: portals, credentials, login parameters."""

from __future__ import annotations

import errno
import ipaddress
import re
from typing import ClassVar

from sbsim.sim.lio.core import fabric
from sbsim.sim.lio.fabric import (
    Fabric,
    FabricTarget,
    Initiator,
    Initiators,
    Luns,
    PortalGroup,
    fabric_of,
    group_of,
)
from sbsim.sim.lio.numbers import lowest_free, switch, unsigned
from sbsim.sim.lio.rules import (
    RuledFolder,
    amount,
    number,
    one_of,
    one_word,
    words,
)
from sbsim.sim.lio.shapes import Shape
from sbsim.sim.lio.tree import Folder, refuse

LONGEST_NAME = 223
LONGEST_CREDENTIAL = 255
LONGEST_TAG = 63
RECORDED = "iscsi/iqn.2003-01.org.sbsim:t1"
RECORDED_ACL = "tpgt_1/acls/iqn.1994-05.org.sbsim:node1"
NULL = "NULL"

_YES_NO = one_word("Yes", "No")
_TWO, _WORD, _HOUR = amount(0, 2), amount(1, 65535), amount(0, 3600)
_LENGTH = amount(512, 16_777_215)


class Credentials(Folder):
    """CHAP's users and passwords, one way and mutual."""

    # Whether what is too long is cut instead of being refused.
    cuts: ClassVar[bool] = False

    def show_authenticate_target(self) -> str:
        """Whether the initiator is to see who the target is: both mutual ones are given."""
        given = (self.values.get(name, NULL) for name in ("userid_mutual", "password_mutual"))
        return f"{int(all(one.strip() != NULL for one in given))}\n"

    def store(self, name: str, text: str) -> None:
        """Set one; NULL takes it back, though it is shown as it was written."""
        if name == "enforce_discovery_auth":
            if text.strip() not in ("0", "1"):
                refuse(errno.EINVAL)
            self.values[name] = f"{text.strip()}\n"
            return
        plain = text.rstrip("\n")
        if len(plain) > LONGEST_CREDENTIAL and not self.cuts:
            refuse(errno.EINVAL)
        self.values[name] = f"{plain[:LONGEST_CREDENTIAL]}\n"


class GroupCredentials(Credentials):
    """A group's own."""

    cuts = True


class GroupAttributes(RuledFolder):
    """How a group behaves."""

    rules: ClassVar = {
        **dict.fromkeys(
            (
                "authentication", "cache_dynamic_acls", "demo_mode_discovery",
                "demo_mode_write_protect", "generate_node_acls", "login_keys_workaround",
                "prod_mode_write_protect", "t10_pi", "tpg_enabled_sendtargets",
            ),
            number(0, 1),
        ),
        "default_cmdsn_depth": number(1, 512),
        "default_erl": number(0, 2),
        "fabric_prot_type": one_of(0, 1, 3),
        "login_timeout": number(5, 30),
        "netif_timeout": number(2, 15),
    }  # fmt: skip


class Parameters(RuledFolder):
    """What a group offers at a login."""

    rules: ClassVar = {
        "AuthMethod": words("CHAP", "None"),
        "HeaderDigest": words("CRC32C", "None"),
        "DataDigest": words("CRC32C", "None"),
        "InitialR2T": _YES_NO,
        "ImmediateData": _YES_NO,
        "DataPDUInOrder": _YES_NO,
        "DataSequenceInOrder": _YES_NO,
        "IFMarker": _YES_NO,
        "OFMarker": _YES_NO,
        "IFMarkInt": one_word(),
        "OFMarkInt": one_word(),
        "TargetAlias": one_word(),
        "ErrorRecoveryLevel": _TWO,
        "MaxConnections": _WORD,
        "MaxOutstandingR2T": _WORD,
        "DefaultTime2Wait": _HOUR,
        "DefaultTime2Retain": _HOUR,
        "FirstBurstLength": _LENGTH,
        "MaxBurstLength": _LENGTH,
        "MaxRecvDataSegmentLength": _LENGTH,
        "MaxXmitDataSegmentLength": _LENGTH,
    }


# --- portals --------------------------------------------------------------------------------------


class Portal(Folder):
    """An address and a port at which a group is reached."""

    @property
    def address(self) -> str:
        """The address, without brackets."""
        return self.name.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port."""
        return int(self.name.rpartition(":")[2])

    def store_iser(self, text: str) -> None:
        """RDMA; there is none here."""
        _no_hardware(text)

    def store_cxgbit(self, text: str) -> None:
        """Offload; there is none here."""
        _no_hardware(text)


def _no_hardware(text: str) -> None:
    if switch(text):
        refuse(errno.EINVAL)


class Portals(Folder):
    """A group's portals. The kernel does not ask whether an address is the machine's."""

    def make(self, name: str) -> Folder:
        """A portal, by ``address:port``; an IPv6 address stands in brackets."""
        host, _, port = name.rpartition(":")
        bracketed = re.fullmatch(r"\[(.+)\]", host)
        try:
            address = ipaddress.ip_address(bracketed.group(1) if bracketed else host)
        except ValueError:
            refuse(errno.EINVAL)
        if (address.version == 6) is not bool(bracketed) or not port.isdigit():
            refuse(errno.EINVAL)
        if int(port) > 0xFFFF:
            refuse(errno.EINVAL)
        return Portal(name, self, fabric_of(self).shape_of("tpgt_1/np/127.0.0.1:3260"), False)


# --- initiators -----------------------------------------------------------------------------------


class NodeAttributes(RuledFolder):
    """How one initiator is treated."""

    rules: ClassVar = {
        **dict.fromkeys(
            ("random_datain_pdu_offsets", "random_datain_seq_offsets", "random_r2t_offsets"),
            number(0, 1),
        ),
        "authentication": one_of(-1, 0, 1),
        "dataout_timeout": number(2, 60),
        "dataout_timeout_retries": number(1, 15),
        "default_erl": number(0, 2),
        "nopin_response_timeout": number(3, 60),
        "nopin_timeout": number(3, 60, also=(0,)),
    }

    def show_default_erl(self) -> str:
        """Its group's, as that was when it was made."""
        initiator = self.parent
        assert isinstance(initiator, Node)
        return self.values.get("default_erl", initiator.default_erl)


class Node(Initiator):
    """An iSCSI initiator."""

    parts: ClassVar = {"attrib": NodeAttributes, "auth": Credentials}
    recorded_lun = f"{RECORDED_ACL}/lun_0"
    depth = ""
    default_erl = ""
    tag = ""

    def store_cmdsn_depth(self, text: str) -> None:
        """How many commands it may have under way."""
        value = unsigned(text)
        if value > 512:
            refuse(errno.EINVAL)
        self.depth = f"{value}\n"

    def show_cmdsn_depth(self) -> str:
        """How many commands it may have under way."""
        return self.depth

    def show_info(self) -> str:
        """Its session, if it has one."""
        return f"No active iSCSI Session for Initiator Endpoint: {self.name}\n"

    def show_tag(self) -> str:
        """The tag that groups it with others."""
        return self.tag

    def store_tag(self, text: str) -> None:
        """Group it with others; NULL takes that back."""
        if len(text) > LONGEST_TAG:
            refuse(errno.EINVAL)
        self.tag = "" if text.strip() == NULL else text


class Nodes(Initiators):
    """A group's iSCSI initiators."""

    def initiator(self, name: str) -> Folder:
        """An initiator with its group's own settings."""
        if len(name) > LONGEST_NAME + 1:
            refuse(errno.EINVAL)
        made = Node(name, self, fabric_of(self).shape_of(RECORDED_ACL), False)
        attributes = group_of(self).part("attrib", GroupAttributes)
        made.depth = attributes.value("default_cmdsn_depth")
        made.default_erl = attributes.value("default_erl")
        return made


# --- targets --------------------------------------------------------------------------------------


class Group(PortalGroup):
    """An iSCSI portal group."""

    parts: ClassVar = {
        "attrib": GroupAttributes,
        "param": Parameters,
        "auth": GroupCredentials,
        "np": Portals,
        "acls": Nodes,
        "lun": Luns,
    }

    @property
    def enabled(self) -> bool:
        """Whether anybody can log in."""
        return self.value("enable").strip() == "1"

    def store_enable(self, text: str) -> None:
        """Let initiators log in, or not; once more changes nothing."""
        value = unsigned(text)
        if value > 1:
            refuse(errno.EINVAL)
        self.values["enable"] = f"{value}\n"

    def write_protects(self) -> bool:
        """Whether what is mapped to its initiators is read only at first."""
        attributes = self.part("attrib", GroupAttributes)
        return attributes.value("prod_mode_write_protect").strip() == "1"


class IscsiTarget(FabricTarget):
    """An iSCSI target; the kernel gives each the lowest number that is free."""

    groups = Group

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.instance = lowest_free(one.instance for one in fabric_of(self).made(IscsiTarget))


@fabric("iscsi")
class Iscsi(Fabric):
    """The iSCSI fabric."""

    parts: ClassVar = {"discovery_auth": Credentials}
    targets = IscsiTarget
    recorded = RECORDED
    word, protocol = "iSCSI", 5

    def check(self, name: str) -> None:
        """The kernel asks for no form of a name, only for a length."""
        if len(name) > LONGEST_NAME:
            refuse(errno.EINVAL)
