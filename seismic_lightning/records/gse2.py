"""Reading of foreign GSE2 and GSE1 waveforms, at arm's length.

ObsPy's decoder of compressed GSE samples reads and writes beyond its buffers where a file is damaged, which
ends the process. Headers are therefore checked first, without decoding anything; the samples are decoded in a
child process that may crash or hang, and count only if their checksum is right.

References:
    Group of Scientific Experts (1995), GSETT-3 Documentation, Volume Two: Operations, CRP/243, Annex 3.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

import numpy as np

from seismic_lightning.codes import SeedId, plain_code
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.waveform import Segment

BEGINNINGS = (b"WID2", b"WID1", b"XW01", b"BEGIN GSE")
"""First bytes of a file of GSE waveforms, alone or within a message."""
TIME_LIMIT_S = 5.0
CHILD = "seismic_lightning.records.gse2_child"
START_LIMIT_S = 120.0
"""A process that imports ObsPy on a busy machine may take this long."""
_MAX_LINE_BYTES = 82
"""The decoder's buffer for a line of compressed samples."""


class _Layout(NamedTuple):
    """Columns of a header line, and the data types that can be decoded."""

    n_samples: slice
    rate_hz: slice
    data_type: slice
    compressed: bytes
    plain: bytes


_LAYOUTS = {
    b"WID2": _Layout(slice(48, 56), slice(57, 68), slice(44, 48), b"CM6", b"INT"),
    b"WID1": _Layout(slice(27, 35), slice(55, 66), slice(74, 78), b"CMP6", b"INTV"),
}


def read_gse2_segments(path: Path, time_limit_s: float = TIME_LIMIT_S) -> list[Segment]:
    """Read all segments of a GSE2 or GSE1 file.

    This starts a process that imports ObsPy, which takes a second or two; for many files use one
    :class:`Gse2Decoder`.

    Args:
        path: File of WID2 or WID1 blocks with CM6 or INT samples.
        time_limit_s: How long decoding may take, seconds, not counting the start of the process.

    Returns:
        Its segments of int32 samples, in the order of the file.

    Raises:
        WaveformError: ``unreadable`` (no such file, or headers that cannot be), or ``damaged`` (the decoder
            refuses the samples, dies or exceeds the time; or their checksum is wrong).
    """
    with Gse2Decoder(time_limit_s) as decoder:
        return decoder.read(path)


class Gse2Decoder:
    """A child process that decodes GSE files one after the other; a new one takes the place of a dead one.

    Attributes:
        n_started: How many processes there were.
    """

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        """Start nothing yet: the first file does."""
        self.n_started = 0
        self._time_limit_s = time_limit_s
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Return the decoder."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._end()

    def read(self, path: Path) -> list[Segment]:
        """Read all segments of one file; see :func:`read_gse2_segments`.

        Args:
            path: File of WID2 or WID1 blocks.
        """
        form = _check_headers(path)
        request = json.dumps({"path": str(path.absolute()), "format": form}).encode() + b"\n"
        # An earlier file may have left the process damaged: only a fresh one proves that it is this file.
        for fresh in (self._child is None, True):
            try:
                return self._ask(path, request)
            except _DeadError as error:
                self._end()
                if fresh:
                    raise WaveformError("damaged", f"{path.name}: {error}") from error
        raise AssertionError("the second process is a fresh one")

    def _ask(self, path: Path, request: bytes) -> list[Segment]:
        child = self._child or self._start()
        with _time_limit(child, self._time_limit_s) as expired:
            try:
                answer, segments = _exchange(child, request)
            except _DeadError as error:
                if expired.is_set():
                    raise _DeadError(f"decoding takes longer than {self._time_limit_s:g} s") from error
                raise
        if "error" in answer:
            raise WaveformError("damaged", f"{path.name}: {answer['error']}: {answer.get('message')}")
        return segments

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", CHILD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        self._child = child
        self.n_started += 1
        try:
            with _time_limit(child, START_LIMIT_S):
                _exchange(child, b"")
        except _DeadError as error:
            self._end()
            raise RuntimeError(f"the process that decodes GSE waveforms did not start: {error}") from error
        return child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with contextlib.suppress(BrokenPipeError):  # a request that a dead process never took
                child.communicate()


class _DeadError(Exception):
    """The child process is gone, or is to be given up."""


@contextlib.contextmanager
def _time_limit(child: "subprocess.Popen[bytes]", limit_s: float) -> Iterator[threading.Event]:
    """Kill the process when the time is over, which ends every wait for it, and tell so."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        child.kill()

    timer = threading.Timer(limit_s, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _exchange(child: "subprocess.Popen[bytes]", request: bytes) -> tuple[dict[str, Any], list[Segment]]:
    """Send a request and return the answer's header and segments; what makes no sense is a dead child's."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(request)
        child.stdin.flush()
        line = child.stdout.readline()
        if not line.endswith(b"\n"):
            raise _DeadError(f"the decoder died with exit status {child.wait()}")
        answer = json.loads(line)
        return answer, [_segment(header, child.stdout) for header in answer.get("segments", ())]
    except OSError as error:
        raise _DeadError(f"the decoder died ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _DeadError(f"the decoder gave nonsense ({error})") from error


def _segment(header: dict[str, Any], samples: IO[bytes]) -> Segment:
    network, station, location, channel = (str(code) for code in header["codes"])
    n_bytes = 4 * int(header["n_samples"])
    part = samples.read(n_bytes)
    if len(part) != n_bytes:
        raise _DeadError("the decoder died before its last sample")
    return Segment(
        SeedId(plain_code(network), station.strip(), plain_code(location), channel.strip()),
        int(header["start_ns"]),
        float(header["sampling_rate_hz"]),
        np.frombuffer(part, dtype="<i4").astype(np.int32),
    )


def _check_headers(path: Path) -> str:
    """Refuse headers that cannot be, without decoding a sample, and return ObsPy's name of the format."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise WaveformError("unreadable", f"{path.name}: {error.strerror}") from error
    n_bytes = sum(len(line) for line in lines)
    kinds = set()
    compressed = within = False
    for number, line in enumerate(lines, start=1):
        kind = line[:4]
        if kind in _LAYOUTS:
            kinds.add(kind)
            compressed, within = _check_header(line, n_bytes, f"{path.name}, line {number}"), False
        elif kind in (b"DAT1", b"DAT2"):
            within = True
        elif line[:5] in (b"CHK1 ", b"CHK2 "):
            within = False
        elif within and compressed and len(line) > _MAX_LINE_BYTES:
            reason = f"{path.name}, line {number}: {len(line)} bytes; compressed samples come in lines of 80"
            raise WaveformError("unreadable", reason)
    if len(kinds) != 1:
        found = "both WID1 and WID2" if kinds else "no WID2 or WID1 line"
        raise WaveformError("unreadable", f"{path.name} has {found}; give a GSE2 or a GSE1 file")
    return "GSE2" if kinds == {b"WID2"} else "GSE1"


def _check_header(line: bytes, n_bytes: int, culprit: str) -> bool:
    """Check one header line and tell whether its samples are compressed."""
    layout = _LAYOUTS[line[:4]]
    data_type = line[layout.data_type].strip()
    try:
        text = line.decode("ascii")
        n_samples, rate_hz = int(text[layout.n_samples]), float(text[layout.rate_hz])
    except ValueError as error:
        raise WaveformError("unreadable", f"{culprit}: {error}") from error
    if not text.isprintable():
        raise WaveformError("unreadable", f"{culprit}: the header holds characters that are no text")
    if data_type not in (layout.compressed, layout.plain):
        known = f"{layout.compressed.decode()} or {layout.plain.decode()}"
        raise WaveformError("unreadable", f"{culprit}: samples as {data_type.decode()!r}, not {known}")
    if not 0 <= n_samples <= n_bytes:
        raise WaveformError("unreadable", f"{culprit}: {n_samples} samples in a file of {n_bytes} bytes")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise WaveformError("unreadable", f"{culprit}: a sampling rate of {rate_hz:g} Hz")
    return data_type == layout.compressed
