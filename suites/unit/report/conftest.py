"""A run of the guide's deployment as evidence, made up but true to life, for tests and eyes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sbsim.report.evidence import Evidence
from sbsim.report.records import Session
from sbsim.report.requirements import Catalogue, Requirement, load
from sbsim.report.scope import places_of

GIB = 1024**3
STARTED = 1_733_900_000.0
CAPABILITIES = ("array_control", "iscsi", "machines", "power_cycle", "real_kernel")
SIZES = (20971520000, 26239565824, 31474057216, 33285996544)
TARGETS = ("iqn.2015-05.org.zstack:tsn.200001", "iqn.2015-05.org.zstack:tsn.100001")
LONG_OUTPUT = "".join(f"line {number}: udev rule applied to /dev/sdb\n" for number in range(400))


def deployment(hosts: int = 3, luns: int = 4, paths: int = 1) -> dict[str, Any]:
    """A description as JSON, like the guide's or larger."""
    links = [
        {"name": "san-a", "subnets": ["172.20.0.0/16"], "storage": True, "mtu": 1500},
        {"name": "san-b", "subnets": ["fd00:172:21::/64"], "storage": True, "mtu": 9000},
    ][:paths]
    addresses = ["172.20.12.221", "fd00:172:21::12:221"][:paths]

    def host(number: int) -> dict[str, Any]:
        return {
            "name": f"sharedblock-host{number}",
            "cluster": "cluster-1",
            "address": f"172.20.11.{106 + number}",
            "addresses": [f"fd00:172:21::{number}"] if paths > 1 else [],
            "cpus": 4,
            "memory": 8 * GIB,
            "initiator": f"iqn.2016-05.org.zstack:ocfs2-host{number}",
        }

    def lun(number: int) -> dict[str, Any]:
        return {
            "lun": number,
            "name": f"zstack-sto-{number + 1}",
            "size": SIZES[number % 4],
            "serial": f"5bfa94e0c1d24f8e9a37{number:05x}",
            "cache": "write-through",
            "backing": "block",
        }

    return {
        "name": "tutorial",
        "description": "The deployment of the guide",
        "profile": "zstack-2.6",
        "zone": "zone-1",
        "os_release": "debian-12",
        "links": links,
        "chap": {"user": "zstack", "password": "***", "mutual": None},
        "management_node": {
            "name": "zstack-mn",
            "address": "172.20.12.249",
            "addresses": [],
            "cpus": 4,
            "memory": 8 * GIB,
        },
        "clusters": [{"name": "cluster-1"}],
        "hosts": [host(number + 1) for number in range(hosts)],
        "storage_servers": [
            {
                "name": "storage",
                "address": addresses[0],
                "addresses": addresses[1:],
                "cpus": None,
                "memory": None,
                "controllers": [
                    {
                        "name": f"controller-{tag}",
                        "tag": tag,
                        "portals": [{"address": address, "port": 3260}],
                    }
                    for tag, address in enumerate(addresses, start=1)
                ],
                "targets": [
                    {"iqn": TARGETS[0], "initiators": [], "luns": [lun(n) for n in range(luns)]},
                    {"iqn": TARGETS[1], "initiators": [], "luns": []},
                ],
            }
        ],
        "primary_storages": [],
        "lab": {"scale": {"cpus": 1, "memory": GIB // 2}},
    }


VALUES: dict[str, Any] = {
    "cpus": 4,
    "memory": 8 * GIB,
    "os_release": "debian-12",
    "role": {"management": ["zstack-mn"], "compute": 3},
    "size": list(SIZES),
    "cache_type": ["write through"] * 4,
    "write_cache": "write-through",
    "backing": "block",
    "sessions": [f"172.20.12.221:3260,1 {target}" for target in TARGETS],
    "discovery": [f"172.20.12.221:3260,1 {target}" for target in TARGETS],
    "startup": "automatic",
    "chap_settings": {"authmethod": "CHAP", "username": "zstack", "password": "***"},
    "lun_list": [
        {"channel": 0, "target": 0, "lun": n, "size": size, "vendor": "LIO-ORG"}
        | {"model": f"zstack-sto-{n + 1}", "wwid": f"360014055bfa94e0c1d24f8e9a37{n:05x}"}
        for n, size in enumerate(SIZES)
    ],
    "transport": {f"0:{n}": TARGETS[0] for n in range(4)},
    "scsi_id": [f"360014055bfa94e0c1d24f8e9a37{n:05x}" for n in range(4)],
}

COMMANDS: list[tuple[list[str], int, str, str]] = [
    (["cat", "/etc/iscsi/initiatorname.iscsi"], 0, "InitiatorName=iqn.2016-05.org…\n", ""),
    (
        ["iscsiadm", "-m", "discovery", "-t", "sendtargets", "-p", "172.20.12.221"],
        0,
        "".join(f"172.20.12.221:3260,1 {target}\n" for target in TARGETS),
        "",
    ),
    (["iscsiadm", "-m", "session"], 0, "tcp: [1] 172.20.12.221:3260,1 iqn… (non-flash)\n", ""),
    (["lsscsi", "-i"], 0, "[2:0:0:0]  disk  LIO-ORG  zstack-sto-1  4.0  /dev/sda  36001405…\n", ""),
    (["udevadm", "info", "--export-db"], 0, LONG_OUTPUT, ""),
]


@dataclass
class Sample:
    """Writes a whole run. `wrong`: (probe, machine) seen otherwise than wanted; more as named."""

    catalogue: Catalogue
    wrong: set[tuple[str, str]] = field(default_factory=set)
    silent: set[tuple[str, str]] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    deployment: dict[str, Any] = field(default_factory=deployment)
    ended: bool = True
    capabilities: tuple[str, ...] = CAPABILITIES
    sessions: list[Session] | None = None
    commands: int = len(COMMANDS)

    def write(self, folder: Path) -> Evidence:
        """Write the evidence into a folder."""
        evidence = Evidence(folder)
        evidence.reset()
        evidence.catalogue(self.catalogue)
        self._run(evidence)
        for number, (name, seconds) in enumerate(
            {"image": 92.4, "up": 48.7, "target": 3.1, "initiators": 11.6, "suites": 64.2}.items()
        ):
            evidence.phase(name=name, seconds=seconds)
            self._commands(evidence, None, name, f"sharedblock-host{number % 3 + 1}", number)
        for requirement in self.catalogue.in_scope(self.capabilities):
            self._requirement(evidence, requirement)
        for host in places_of(self.deployment, "hosts"):
            evidence.finding(
                id="lab-scale",
                severity="info",
                text="The lab gives 1 CPU and 512 MiB where the guide asks for 4 and 8 GiB.",
                where=host,
            )
        evidence.finding(
            id="single-link", severity="warning", text="One storage link carries every path."
        )
        evidence.sessions(self.sessions if self.sessions is not None else self._all_sessions())
        if self.ended:
            evidence.end(seconds=221.9)
        return evidence

    def _run(self, evidence: Evidence) -> None:
        evidence.run(
            backend="lab",
            profile="zstack-2.6",
            seed=7,
            emulated=True,
            simulated=False,
            no_apply=False,
            capabilities=self.capabilities,
            deployment=self.deployment,
            command=["sbsim", "accept", "fixtures/deployments/tutorial.toml", "--seed", "7"],
            versions={"sbsim": "0.1.0", "kernel": "6.1.0-28-amd64", "qemu": "7.2.15"},
            machine={"cpus": 2, "memory": 24 * GIB, "kvm": False, "kernel": "6.1.0"},
            started=STARTED,
        )

    def _requirement(self, evidence: Evidence, requirement: Requirement) -> None:
        """One test per host where a fact is about hosts, one for all else."""
        places: dict[str | None, list[tuple[str, str]]] = {}
        for probe in requirement.probes:
            for place in places_of(self.deployment, probe.on):
                places.setdefault(place if probe.on == "hosts" else None, []).append(
                    (probe.fact, place)
                )
        for place, facts in places.items():
            name = f"suites/deploy/test_{facts[0][0]}.py::test_{facts[0][0]}_is_as_described"
            test = f"{name}[{place}]" if place else name
            self._test(evidence, requirement, test, place, facts)

    def _test(
        self,
        evidence: Evidence,
        requirement: Requirement,
        test: str,
        machine: str | None,
        facts: list[tuple[str, str]],
    ) -> None:
        blocked = requirement.id in self.blocked
        for fact, place in [] if blocked else facts:
            if (fact, place) not in self.silent:
                wanted = VALUES.get(fact, f"{fact} as described")
                ok = (fact, place) not in self.wrong
                evidence.probe(
                    test=test,
                    requirement=requirement.id,
                    probe=fact,
                    machine=place,
                    seen=wanted if ok else "something else",
                    wanted=wanted,
                    ok=ok,
                )
        bad = [f"{fact} on {place}" for fact, place in facts if (fact, place) in self.wrong]
        self._commands(evidence, test, "suites", machine or facts[0][1], len(test), failing=bad)
        outcome = "blocked" if blocked else "failed" if bad else "passed"
        evidence.test(
            test=test,
            requirements=[requirement.id],
            machine=machine,
            outcome=outcome,  # type: ignore[arg-type]
            reason={
                "blocked": "the lab could not be restored: storage did not answer within 60 s",
                "failed": f"AssertionError: expected as described: {', '.join(bad)}",
                "passed": None,
            }[outcome],
            seconds=1.7,
        )

    def _commands(
        self,
        evidence: Evidence,
        test: str | None,
        phase: str,
        machine: str,
        salt: int,
        failing: list[str] | None = None,
    ) -> None:
        for number in range(self.commands):
            argv, status, stdout, stderr = COMMANDS[number % len(COMMANDS)]
            if failing and number == 2:
                status, stdout = 21, ""
                stderr = "iscsiadm: No active sessions.\n"
            evidence.command(
                at=STARTED + number,
                test=test,
                phase=phase,
                machine=machine,
                argv=argv,
                status=status,
                seconds=0.08 + 0.013 * ((number + salt) % 7),
                stdout=stdout,
                stderr=stderr,
            )

    def _all_sessions(self) -> list[Session]:
        sessions = []
        for server in self.deployment["storage_servers"]:
            for controller in server["controllers"]:
                for portal in controller["portals"]:
                    address = portal["address"]
                    text = f"[{address}]:3260" if ":" in address else f"{address}:3260"
                    sessions += [
                        Session(host=host, portal=text, target=target, state="LOGGED_IN")
                        for host in places_of(self.deployment, "hosts")
                        for target in TARGETS
                    ]
        return sessions


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(Path(__file__).parents[3] / "fixtures" / "requirements.toml")


@pytest.fixture(scope="session")
def sample(catalogue: Catalogue) -> Any:
    """A maker of samples: `sample(wrong={("sessions", "sharedblock-host2")}).write(folder)`."""
    return lambda **options: Sample(catalogue, **options)


@pytest.fixture(scope="session")
def describe() -> Any:
    """The maker of descriptions: `describe(hosts=8, luns=64, paths=2)`."""
    return deployment
