"""How the node on the loopback answers over HTTP, well or with a fault."""

import hashlib
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

import pymseed
from obspy import UTCDateTime

from seismic_lightning.codes import SeedId
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment

if TYPE_CHECKING:
    from support.fdsn_service import Service

S_NS = 1_000_000_000
HANG_S = 0.3
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


class Handler(BaseHTTPRequestHandler):
    """Answers one request after the other; what it answers is for the service to say."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def service(self) -> "Service":
        """Return the service that this connection belongs to."""
        return cast(Any, self.server).service  # type: ignore[no-any-return]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer events, stations and waveforms."""
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.service.count(url.path, b"")
        span = (_ns(query["starttime"]), _ns(query["endtime"])) if "starttime" in query else (0, 0)
        if url.path == "/fdsnws/event/1/query":
            self._document(self.service.events(*span))
        elif url.path == "/fdsnws/station/1/query":
            self._document(self.service.inventory(query["network"]))
        else:
            self._answer(404)

    def do_POST(self) -> None:
        """Answer waveforms, and tokens."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.service.count(self.path, body)
        if self.service.down:
            self._answer(503)
        elif self.path == "/fdsnws/dataselect/1/auth" and body == self.service.token:
            self._answer(200, f"{NAME}:{PASSWORD}".encode())
        elif self.path == "/fdsnws/dataselect/1/queryauth" and not self._knows_password():
            challenge = f'Digest realm="{REALM}", nonce="0123456789abcdef", qop="auth"'
            self._answer(401, headers={"WWW-Authenticate": challenge})
        elif self.path.startswith("/fdsnws/dataselect/1/query"):
            self._waveforms([_line(text) for text in body.decode().splitlines()])
        else:
            self._answer(403)

    def _waveforms(self, lines: list[Line]) -> None:
        with self.service.answering():
            time.sleep(self.service.delay_s)
        fault = self.service.fault(lines)
        body = b"".join(self.service.sent(line) for line in lines)
        if isinstance(fault, int):
            self._answer(
                fault, headers={"Retry-After": self.service.retry_after} if fault in (429, 503) else {}
            )
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
        elif fault == "trickle":
            self.send_response(200)
            self.end_headers()
            for place in range(20):
                self.wfile.write(body[place : place + 1])
                time.sleep(0.02)
            self.close_connection = True
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
        return bool(given["response"] == _md5(f"{first}:{middle}:{second}"))

    def _document(self, body: bytes | None) -> None:
        self._answer(200 if body else 204, body or b"")

    def _answer(
        self,
        status: int,
        body: bytes = b"",
        *,
        length: int | None = -1,
        headers: dict[str, str] | None = None,
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
        self.service.count_bytes(len(body))


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
    return hashlib.md5(text.encode()).hexdigest()
