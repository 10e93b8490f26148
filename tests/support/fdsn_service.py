"""An FDSN node on the loopback that serves an archive's events, stations and waveforms, and fails as told.

What it serves are the samples of the archive's event files, cut exactly as asked. A fault is told for the
waveforms of one station and hour: how it looks, and for how many requests.
"""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pymseed
from obspy import read_inventory
from support.fdsn_handler import S_NS, Handler, Line

from seismic_lightning.codes import SeedId
from seismic_lightning.records.catalogue import Catalogue, read_quakeml
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.records.waveform import Segment, read_segments

ALWAYS = 10**6


class _Server(ThreadingHTTPServer):
    """A server whose connections know the service."""

    def __init__(self, service: "Service") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = service

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that was killed."""


class Service:
    """The node; the test reads what it counted."""

    def __init__(self, archive: Path) -> None:
        """Read the archive, and take a free port."""
        self.catalogue = read_quakeml(archive / "catalogue.xml")
        self.stations = read_inventory(str(archive / "stations.xml"), format="STATIONXML")
        self.segments: dict[SeedId, list[Segment]] = {}
        for path in sorted(archive.glob("waveforms/*/*.mseed")):
            for segment in read_segments(path):
                self.segments.setdefault(segment.seed_id, []).append(segment)
        self.reset()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Forget what was counted and what should fail."""
        self.faults: dict[tuple[str, int], list[Any]] = {}
        self.retry_after = "0"
        self.delay_s = 0.0
        self.down = False
        self.whole_records = False
        self.token: bytes | None = None
        self.n_bytes = 0
        self.n_open = self.most_open = 0
        self.requests: list[tuple[float, str]] = []
        self.bodies: list[bytes] = []

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """End the thread and free the port."""
        self._server.shutdown()
        self._server.server_close()

    def count(self, path: str, body: bytes) -> None:
        """Remember a request."""
        with self._lock:
            self.requests.append((time.monotonic(), path))
            self.bodies.append(body)

    def count_bytes(self, number: int) -> None:
        """Add to the bytes that were sent."""
        with self._lock:
            self.n_bytes += number

    def fault(self, lines: list[Line]) -> str | int | None:
        """Return the fault of a request, and use it up."""
        with self._lock:
            for line in lines:
                told = self.faults.get(line.place)
                if told is not None and told[1] > 0:
                    told[1] -= 1
                    fault: str | int = told[0]
                    return fault
        return None

    def cut(self, line: Line) -> list[Segment]:
        """Return the samples of a channel within a time, both ends included."""
        parts = []
        for segment in self.segments.get(line.seed_id, []):
            rate_hz = segment.sampling_rate_hz
            time_ns = segment.start_ns + np.round(np.arange(segment.samples.size) * S_NS / rate_hz).astype(
                np.int64
            )
            inside = np.flatnonzero((time_ns >= line.start_ns) & (time_ns <= line.end_ns))
            if inside.size:
                samples = segment.samples[inside[0] : inside[-1] + 1]
                parts.append(segment._replace(start_ns=int(time_ns[inside[0]]), samples=samples))
        return parts

    def sent(self, line: Line) -> bytes:
        """Return what is sent for a line: the samples, or whole records that hold any of them."""
        if not self.whole_records:
            return miniseed_bytes(self.cut(line))
        around = line._replace(start_ns=line.start_ns - 20 * S_NS, end_ns=line.end_ns + 20 * S_NS)
        body = miniseed_bytes(self.cut(around))
        return b"".join(
            bytes(record.record)
            for record in pymseed.MS3Record.from_buffer(body, unpack_data=False)
            if record.starttime <= line.end_ns and record.endtime >= line.start_ns
        )

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count the waveform requests that are answered at the same time."""
        with self._lock:
            self.n_open += 1
            self.most_open = max(self.most_open, self.n_open)
        try:
            yield
        finally:
            with self._lock:
                self.n_open -= 1

    def events(self, start_ns: int, end_ns: int) -> bytes | None:
        """Return the events of a time as QuakeML."""
        events = {
            name: event
            for name, event in self.catalogue.events.items()
            if event.origin_ns is not None and start_ns <= event.origin_ns < end_ns
        }
        picks = [pick for pick in self.catalogue.picks if pick.event_id in events]
        return quakeml_bytes(Catalogue(events, picks)) if events else None

    def inventory(self, networks: str) -> bytes | None:
        """Return the stations of some networks as StationXML."""
        chosen = [
            network for network in self.stations if networks == "*" or network.code in networks.split(",")
        ]
        if not chosen:
            return None
        stations, text = self.stations.copy(), io.BytesIO()
        stations.networks = chosen
        stations.write(text, format="STATIONXML")
        return text.getvalue()


@contextmanager
def serving(archive: Path) -> Iterator[Service]:
    """Serve an archive on a free port of the loopback."""
    service = Service(archive)
    service.start()
    try:
        yield service
    finally:
        service.stop()
