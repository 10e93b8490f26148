"""An FDSN node on the loopback that serves an archive's events, stations and waveforms, and fails as told.

What it serves are the samples of the archive's event files, cut exactly as asked. A fault is told for the
waveforms of one station and hour: how it looks, and for how many requests.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import numpy as np
from obspy import UTCDateTime, read_inventory

from seismic_lightning.codes import SeedId
from seismic_lightning.records.catalogue import Catalogue, read_quakeml
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.records.waveform import Segment, read_segments

S_NS = 1_000_000_000
ALWAYS = 10**6
HANG_S = 0.4
STATUSES = (204, 400, 404, 413, 429, 500, 503)
BODIES = (
    "html", "empty", "hang", "cut_declared", "cut_open", "cut_between", "wrong_station", "duplicate", "conflict",
)  # fmt: skip
NAME, PASSWORD, REALM = "canary-name", "canary-password", "FDSN"


class Line(NamedTuple):
    """One line of a dataselect request."""

    seed_id: SeedId
    start_ns: int
    end_ns: int

    @property
    def place(self) -> tuple[str, int]:
        """Return station and hour, by which faults are told."""
        return self.seed_id.station, round(self.end_ns / (3600 * S_NS))


class Service:
    """The node; the test reads what it counted."""

    def __init__(self, archive: Path) -> None:
        self.catalogue = read_quakeml(archive / "catalogue.xml")
        self.stations = read_inventory(str(archive / "stations.xml"), format="STATIONXML")
        self.segments: dict[SeedId, list[Segment]] = {}
        for path in sorted(archive.glob("waveforms/*/*.mseed")):
            for segment in read_segments(path):
                self.segments.setdefault(segment.seed_id, []).append(segment)
        self.faults: dict[tuple[str, int], list[Any]] = {}
        self.retry_after = "0"
        self.delay_s = 0.0
        self.down = False
        self.token: bytes | None = None
        self.n_bytes = 0
        self.requests: list[tuple[float, str]] = []
        self.bodies: list[bytes] = []
        self.edit: Callable[[bytes], bytes] = lambda body: body
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

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
            time_ns = segment.start_ns + np.round(np.arange(segment.samples.size) * S_NS / rate_hz).astype(np.int64)
            inside = np.flatnonzero((time_ns >= line.start_ns) & (time_ns <= line.end_ns))
            if inside.size:
                samples = segment.samples[inside[0] : inside[-1] + 1]
                parts.append(segment._replace(start_ns=int(time_ns[inside[0]]), samples=samples))
        return parts

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
        from io import BytesIO

        chosen = [network for network in self.stations if networks == "*" or network.code in networks.split(",")]
        if not chosen:
            return None
        stations, text = self.stations.copy(), BytesIO()
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


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it overrides
            """Say nothing."""

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            """Answer events, stations and waveforms."""
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            service.count(url.path, b"")
            span = (_ns(query["starttime"]), _ns(query["endtime"])) if "starttime" in query else (0, 0)
            if url.path == "/fdsnws/event/1/query":
                self._document(service.events(*span))
            elif url.path == "/fdsnws/station/1/query":
                self._document(service.inventory(query["network"]))
            else:
                self._answer(404)

        def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
            """Answer waveforms, and tokens."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.count(self.path, body)
            if service.down:
                self._answer(503)
            elif self.path == "/fdsnws/dataselect/1/auth" and body == service.token:
                self._answer(200, f"{NAME}:{PASSWORD}".encode())
            elif self.path == "/fdsnws/dataselect/1/queryauth" and not self._knows_password():
                challenge = f'Digest realm="{REALM}", nonce="0123456789abcdef", qop="auth"'
                self._answer(401, headers={"WWW-Authenticate": challenge})
            elif self.path.startswith("/fdsnws/dataselect/1/query"):
                self._waveforms([_line(text) for text in body.decode().splitlines()])
            else:
                self._answer(403)

        def _waveforms(self, lines: list[Line]) -> None:
            time.sleep(service.delay_s)
            fault = service.fault(lines)
            body = service.edit(miniseed_bytes(part for line in lines for part in service.cut(line)))
            if isinstance(fault, int):
                self._answer(fault, headers={"Retry-After": service.retry_after} if fault in (429, 503) else {})
            elif fault is None or fault in ("wrong_station", "duplicate", "conflict"):
                body = _altered(body, fault)
                self._answer(200 if body else 204, body)
            else:
                self._fail(fault, body)

        def _fail(self, fault: str, body: bytes) -> None:
            if fault == "html":
                self._answer(200, b"<html><body>maintenance</body></html>" * 30)
            elif fault == "empty":
                self._answer(200)
            elif fault == "hang":
                time.sleep(HANG_S)
                self.close_connection = True
            elif fault == "cut_declared":
                self._answer(200, body[: len(body) // 2], length=len(body))
            else:
                n_records = len(body) // 512
                kept = 512 * (n_records - n_records // 2) - (100 if fault == "cut_open" else 0)
                self._answer(200 if kept > 0 else 204, body[: max(kept, 0)], length=None)

        def _knows_password(self) -> bool:
            given = dict(re.findall(r'(\w+)="?([^",]+)"?', self.headers.get("Authorization", "")))
            if given.get("username") != NAME:
                return False
            first = _md5(f"{NAME}:{REALM}:{PASSWORD}")
            second = _md5(f"{self.command}:{self.path}")
            middle = ":".join([given["nonce"], given["nc"], given["cnonce"], given["qop"]])
            return given["response"] == _md5(f"{first}:{middle}:{second}")

        def _document(self, body: bytes | None) -> None:
            self._answer(200 if body else 204, body or b"")

        def _answer(
            self, status: int, body: bytes = b"", *, length: int | None = -1, headers: dict[str, str] | None = None
        ) -> None:
            """Answer; a length of None declares none and closes the connection, as HTTP/1.0 does."""
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if length is None or length > len(body):
                self.close_connection = True
                self.send_header("Connection", "close")
            if length is not None and status != 204:
                self.send_header("Content-Length", str(len(body) if length < 0 else length))
            self.end_headers()
            self.wfile.write(body)
            service.count_bytes(len(body))

    return Handler


def _altered(body: bytes, fault: str | None) -> bytes:
    """Return the body with one fault in its records of 512 bytes."""
    if fault == "wrong_station":
        return b"".join(body[k : k + 8] + b"OTHER" + body[k + 13 : k + 512] for k in range(0, len(body), 512))
    if fault == "duplicate":
        return body + body[512:1536]
    if fault == "conflict":
        [trace, *_] = _segments(body)
        return body + miniseed_bytes([trace._replace(samples=trace.samples[:50] + 1)])
    return body


def _segments(body: bytes) -> list[Segment]:
    import pymseed

    [trace, *_] = pymseed.MS3TraceList.from_buffer(body, unpack_data=True)
    part = trace[0]
    codes = pymseed.sourceid2nslc(trace.sourceid)
    return [Segment(SeedId(*codes), int(part.starttime), float(part.samprate), part.take_np_datasamples())]


def _line(text: str) -> Line:
    network, station, location, channel, start, end = text.split()
    seed_id = SeedId(network, station, location.replace("--", ""), channel)
    return Line(seed_id, _ns(start), _ns(end))


def _ns(text: str) -> int:
    return int(UTCDateTime(text).ns)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - HTTP's digest asks for it
