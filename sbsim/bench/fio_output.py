"""What fio --output-format=json+ prints: text in, typed results out. Source: fio 3.33's HOWTO."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sbsim.bench.errors import FioFailed, UnreadableFio
from sbsim.bench.histogram import Histogram, merged


@dataclass(frozen=True)
class Side:
    """What a job did in one direction: I/Os, bytes, seconds, and how long each I/O took."""

    ios: int
    bytes: int
    seconds: float
    latency: Histogram

    @property
    def iops(self) -> float:
        """I/Os in a second; 0 where nothing was done."""
        return self.ios / self.seconds if self.seconds else 0.0

    @property
    def bandwidth(self) -> float:
        """Bytes in a second."""
        return self.bytes / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Job:
    """One job. `host` is that of a server of fio's, None on the machine itself.

    `user_cpu` and `system_cpu` are seconds that its processes had of the processors.
    """

    name: str
    host: str | None
    read: Side
    write: Side
    user_cpu: float
    system_cpu: float
    switches: int

    @property
    def iops(self) -> float:
        """I/Os in a second, both directions together."""
        return self.read.iops + self.write.iops

    @property
    def ios(self) -> int:
        """I/Os, both directions together."""
        return self.read.ios + self.write.ios

    @property
    def cpu_per_io(self) -> float:
        """Seconds of a processor that fio's side of one I/O took."""
        return (self.user_cpu + self.system_cpu) / self.ios

    @property
    def latency(self) -> Histogram:
        """How long its I/Os took, both directions together."""
        return merged([self.read.latency, self.write.latency])


@dataclass(frozen=True)
class FioOutput:
    """A run of fio."""

    version: str
    jobs: tuple[Job, ...]

    def job(self, name: str) -> Job:
        """The one job of that name. FioFailed if there is none, or several."""
        found = [job for job in self.jobs if job.name == name]
        if len(found) != 1:
            have = ", ".join(job.name for job in self.jobs) or "none"
            raise FioFailed(f"expected one job {name!r} in fio's output, found {have}")
        return found[0]


def parse_fio(text: str, source: str = "fio") -> FioOutput:
    """Read what fio printed; warnings before the JSON are passed over.

    Raises UnreadableFio for what is no such output, FioFailed where a job failed or did nothing.
    """
    said, document = _json(text, source)
    if not isinstance(document, dict) or "fio version" not in document:
        raise UnreadableFio(source, "this JSON is not fio's")
    place = "client_stats" if "client_stats" in document else "jobs"
    rows = _take(document, place, list, source)
    # fio adds a row of sums to its clients', which is no job.
    rows = [row for row in rows if not (isinstance(row, dict) and row.get("jobname") == _SUMS)]
    if not rows:
        raise FioFailed(f"{source}: fio ran no job" + (f": {said}" if said else ""))
    return FioOutput(
        str(document["fio version"]),
        tuple(_job(row, f"{place}[{number}]", source, said) for number, row in enumerate(rows)),
    )


_SUMS = "All clients"


def _json(text: str, source: str) -> tuple[str, Any]:
    """What stands before the JSON, and the JSON."""
    start = text.find("{")
    if start < 0:
        shown = text.strip().splitlines()
        raise UnreadableFio(source, f"there is no JSON in it ({shown[-1] if shown else 'nothing'})")
    try:
        document, end = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError) as error:
        raise UnreadableFio(source, f"it is cut off or broken ({error})") from None
    if text[start + end :].strip():
        raise UnreadableFio(source, "something follows the JSON")
    return text[:start].strip(), document


def _job(row: object, place: str, source: str, said: str) -> Job:
    if not isinstance(row, dict):
        raise UnreadableFio(source, f"{place} is no object")
    name = _take(row, "jobname", str, source, place)
    if error := _take(row, "error", int, source, place):
        raise FioFailed(f"{source}: the job {name} ended with error {error}: {said or 'no reason'}")
    job = Job(
        name=name,
        host=row.get("hostname"),
        read=_side(row, "read", source, place),
        write=_side(row, "write", source, place),
        user_cpu=_cpu(row, "usr_cpu", source, place),
        system_cpu=_cpu(row, "sys_cpu", source, place),
        switches=_take(row, "ctx", int, source, place),
    )
    if not job.ios:
        raise FioFailed(f"{source}: the job {name} did no I/O: {said or 'fio gives no reason'}")
    return job


def _cpu(row: Mapping[str, Any], key: str, source: str, place: str) -> float:
    """Of the share that fio gives of the job's running time, in percent."""
    percent = float(_take(row, key, (int, float), source, place))
    milliseconds: int = _take(row, "job_runtime", int, source, place)
    return percent / 100 * milliseconds / 1000


def _side(row: Mapping[str, Any], key: str, source: str, place: str) -> Side:
    side, place = _take(row, key, dict, source, place), f"{place}.{key}"
    ios = _take(side, "total_ios", int, source, place)
    latency = _take(side, "clat_ns", dict, source, place)
    bins = latency.get("bins", {})
    if ios and not bins:
        raise UnreadableFio(source, f"{place}.clat_ns has no bins (is it json, not json+?)")
    try:
        counts = {int(value): int(count) for value, count in bins.items()}
        histogram = Histogram(counts, _take(latency, "max", int, source, place))
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableFio(source, f"{place}.clat_ns.bins: {error}") from None
    return Side(
        ios=ios,
        bytes=_take(side, "io_bytes", int, source, place),
        seconds=_take(side, "runtime", int, source, place) / 1000,
        latency=histogram,
    )


def _take(row: Mapping[str, Any], key: str, kind: Any, source: str, place: str = "") -> Any:
    where = f"{place}.{key}" if place else key
    if key not in row:
        raise UnreadableFio(source, f"{where} is missing")
    if not isinstance(row[key], kind) or isinstance(row[key], bool):
        raise UnreadableFio(source, f"{where} is {str(row[key])[:40]!r}")
    return row[key]
