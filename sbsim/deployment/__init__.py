"""The description of a deployment: one TOML file in, frozen and checked models out.

Example: `load("fixtures/deployments/tutorial.toml").hosts[0].initiator`
"""

from __future__ import annotations

from sbsim.deployment.address import Address, Subnet
from sbsim.deployment.chap import Chap, MutualChap
from sbsim.deployment.check import report
from sbsim.deployment.cluster import Cluster
from sbsim.deployment.controller import Controller
from sbsim.deployment.deployment import PROFILES, AnyServer, Deployment
from sbsim.deployment.fc_port import FcPort
from sbsim.deployment.finding import Finding
from sbsim.deployment.host import Host
from sbsim.deployment.inquiry import Inquiry
from sbsim.deployment.lab import Lab, Scale
from sbsim.deployment.link import Link
from sbsim.deployment.load import load
from sbsim.deployment.lun import Lun
from sbsim.deployment.management_node import ManagementNode
from sbsim.deployment.password import PasswordReference
from sbsim.deployment.portal import Portal
from sbsim.deployment.primary_storage import PrimaryStorage
from sbsim.deployment.schema import schema
from sbsim.deployment.secret import Secret
from sbsim.deployment.size import parse_size
from sbsim.deployment.storage_server import StorageServer
from sbsim.deployment.target import Target
from sbsim.deployment.wwid import wwid_of

__all__ = [
    "PROFILES",
    "Address",
    "AnyServer",
    "Chap",
    "Cluster",
    "Controller",
    "Deployment",
    "FcPort",
    "Finding",
    "Host",
    "Inquiry",
    "Lab",
    "Link",
    "Lun",
    "ManagementNode",
    "MutualChap",
    "PasswordReference",
    "Portal",
    "PrimaryStorage",
    "Scale",
    "Secret",
    "StorageServer",
    "Subnet",
    "Target",
    "load",
    "parse_size",
    "report",
    "schema",
    "wwid_of",
]
