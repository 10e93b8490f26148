"""Reading of event files, miniSEED or GSE, into plain segments.

pymseed decodes several times faster than ObsPy and also knows miniSEED 3, so it goes first; ObsPy reads what
pymseed refuses. A file that begins as GSE does goes to :mod:`seismic_lightning.records.gse2`. The format is
always stated: ObsPy's guessing it from a file's content can execute what the file holds.

References:
    FDSN (2012), SEED Reference Manual v2.4; FDSN (2023), miniSEED 3,
    https://docs.fdsn.org/projects/miniseed3.
"""

import contextlib
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import SeedId, plain_code
from seismic_lightning.errors import WaveformError

if TYPE_CHECKING:
    from seismic_lightning.records.gse2 import Gse2Decoder


class Segment(NamedTuple):
    """Equally spaced samples of one channel without a gap.

    Attributes:
        seed_id: Codes of the channel.
        start_ns: Time of the first sample, nanoseconds since 1970 (UTC).
        sampling_rate_hz: Rate as the header states it.
        samples: ``(n,)`` int32, float32 or float64.
    """

    seed_id: SeedId
    start_ns: int
    sampling_rate_hz: float
    samples: NDArray[Any]


def read_segments(path: Path, decoder: "Gse2Decoder | None" = None) -> list[Segment]:
    """Read all segments of a file.

    Args:
        path: File of miniSEED 2 or 3 records, or of GSE2 or GSE1 blocks.
        decoder: What decodes GSE blocks of many files; one is started for this file where none is given.

    Returns:
        Its segments that hold samples, ordered by channel and time.

    Raises:
        WaveformError: ``unreadable`` (no reader accepts the file), ``damaged`` (ObsPy reads it but
            complains, or a checksum is wrong), ``empty_file`` or ``no_samples`` (only headers or text).
    """
    from seismic_lightning.records.gse2 import BEGINNINGS, read_gse2_segments  # here: it needs Segment

    try:
        with path.open("rb") as file:
            beginning = file.read(max(len(text) for text in BEGINNINGS))
    except OSError as error:
        raise WaveformError("unreadable", f"{path.name}: {error.strerror}") from error
    if not beginning:
        raise WaveformError("empty_file", f"{path.name} has no bytes")
    segments: list[Segment] | None
    if beginning.startswith(BEGINNINGS):
        segments = read_gse2_segments(path) if decoder is None else decoder.read(path)
    else:
        segments = _read_with_pymseed(path)
    if segments is None:
        segments = _read_with_obspy(path)
    filled = [segment for segment in segments if segment.samples.size and segment.samples.dtype.kind in "if"]
    if not filled:
        raise WaveformError("no_samples", f"{path.name} holds headers or text but no samples")
    return sorted(filled, key=lambda segment: (segment.seed_id, segment.start_ns))


def gap_intervals(missing: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the gaps of one component; of ``~missing``, what was recorded between them.

    Args:
        missing: ``(N,)`` True where no sample was recorded.

    Returns:
        ``[start, stop)`` sample numbers in order.

    Example:
        >>> gap_intervals(np.array([True, False, True, True]))
        [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _read_with_pymseed(path: Path) -> list[Segment] | None:
    """Return the segments, or None where libmseed refuses the file."""
    import pymseed  # here: loads a C library that commands without waveforms do not need

    try:
        return decoded_segments(pymseed.MS3TraceList.from_file(path, unpack_data=True))
    except (pymseed.MiniSEEDError, ValueError):
        return None


def decoded_segments(traces: Iterable[Any]) -> list[Segment]:
    """Return the segments that hold numbers.

    Args:
        traces: ``pymseed.MS3TraceList`` with unpacked samples, which are taken out of it.
    """
    return [
        Segment(
            libmseed_id(trace.sourceid),
            int(part.starttime),
            float(part.samprate),
            part.take_np_datasamples(),
        )
        for trace in traces
        for part in trace
        if part.sampletype in ("i", "f", "d")
    ]


def libmseed_id(source_id: str) -> SeedId:
    """Return the SEED codes of libmseed's source identifier, such as ``FDSN:KO_ADVT__H_H_Z``."""
    import pymseed

    return _seed_id(pymseed.sourceid2nslc(source_id))


def _read_with_obspy(path: Path) -> list[Segment]:
    from obspy import read  # here: only files that pymseed refuses need it

    with warnings.catch_warnings(record=True) as caught, _undecodable_messages() as undecodable:
        warnings.simplefilter("always")
        try:
            stream = read(str(path), format="MSEED")
        # ObsPy's reader raises struct, value, type and its own errors on damaged bytes.
        except Exception as error:
            raise WaveformError("unreadable", f"{path.name}: {type(error).__name__}: {error}") from error
    if caught or undecodable:
        complaint = caught[0].message if caught else undecodable[0]
        raise WaveformError("damaged", f"{path.name}: {complaint}")
    return [
        Segment(
            _seed_id((trace.stats.network, trace.stats.station, trace.stats.location, trace.stats.channel)),
            int(trace.stats.starttime.ns),
            float(trace.stats.sampling_rate),
            np.asarray(trace.data),
        )
        for trace in stream
    ]


@contextlib.contextmanager
def _undecodable_messages() -> Iterator[list[str]]:
    """Collect what libmseed complains about in bytes that ObsPy cannot decode.

    Its complaint quotes the damaged codes. ObsPy fails to decode them in a callback, where an exception goes
    nowhere: Python would print a traceback, and the file would pass for sound.
    """
    messages: list[str] = []
    previous = sys.unraisablehook

    def collect(failure: "sys.UnraisableHookArgs") -> None:
        if isinstance(failure.exc_value, UnicodeDecodeError):
            messages.append(repr(failure.exc_value.object))
        else:
            previous(failure)

    sys.unraisablehook = collect
    try:
        yield messages
    finally:
        sys.unraisablehook = previous


def _seed_id(codes: tuple[str, str, str, str]) -> SeedId:
    network, station, location, channel = codes
    return SeedId(plain_code(network), station.strip(), plain_code(location), channel.strip())
