"""Parts of long miniSEED files: what lies where in a file, and the samples of a stretch of time alone.

A file is scanned once, by its record headers and without decoding, into extents of some tens of kilobytes.
Later only the bytes whose extents touch a wanted stretch are read. Bytes between records that are no record
are passed over and told. What does not begin as miniSEED, another reader may still read: such a file becomes
one extent per segment, and is read as a whole each time.

References:
    FDSN (2012), SEED Reference Manual v2.4; FDSN (2023), miniSEED 3,
    https://docs.fdsn.org/projects/miniseed3.
"""

import mmap
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from seismic_lightning.codes import NANOSECONDS_PER_S, SeedId
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.gse2 import Gse2Decoder
from seismic_lightning.records.waveform import Segment, decoded_segments, libmseed_id, read_segments

EXTENT_BYTES = 1 << 16
"""Resolution of a scan: some minutes of compressed samples at 100 Hz."""
MOST_TRIALS = 1000
"""Where a file has more bytes than this that only look like a record, it is not scanned."""
_TEXT_ENCODING = 0
_HEADER = re.compile(rb"[0-9 \0]{6}[DRQM][ \0]|MS\x03")
"""First bytes of a record of miniSEED 2 and 3."""


class Extent(NamedTuple):
    """Where in a file the samples of one channel lie.

    Attributes:
        seed_id: Codes of the channel.
        start_ns: Time of the first sample, nanoseconds since 1970 (UTC).
        end_ns: Time of the last sample.
        offset: First byte; -1 for a file that can only be read as a whole.
        size: Number of bytes; other channels may lie among them.
    """

    seed_id: SeedId
    start_ns: int
    end_ns: int
    offset: int
    size: int


class Scan(NamedTuple):
    """What a file holds.

    Attributes:
        extents: Its samples, in the order of the file.
        bad_blocks: Offset and size of the bytes that are no record.
    """

    extents: list[Extent]
    bad_blocks: list[tuple[int, int]]


def scan(path: Path, decoder: Gse2Decoder | None = None) -> Scan:
    """Find out which channels and times a file holds, by its headers.

    Args:
        path: File of miniSEED records, or of another format that ``read_segments`` knows.
        decoder: What decodes GSE blocks of many files.

    Returns:
        Its extents, and what was passed over.

    Raises:
        WaveformError: The file is empty, holds no samples or cannot be read.
    """
    found = _scan_records(path) if path.is_file() and path.stat().st_size else None
    if found is None:
        extents = [
            Extent(part.seed_id, part.start_ns, end_ns(part), -1, 0)
            for part in read_segments(path, decoder)
            if part.sampling_rate_hz > 0
        ]
        found = Scan(extents, [])
    if not found.extents:
        raise WaveformError("no_samples", f"{path.name} holds headers or text but no samples")
    return found


def read_extents(
    path: Path, extents: Iterable[tuple[int, int]], decoder: Gse2Decoder | None = None
) -> list[Segment]:
    """Read parts of a file.

    Args:
        path: A file that was scanned.
        extents: Offset and size of the parts, in bytes.
        decoder: What decodes GSE blocks of many files.

    Returns:
        Segments of all channels that lie in these parts, ordered by channel and time.

    Raises:
        WaveformError: The bytes cannot be decoded.
    """
    import pymseed  # here: loads a C library that commands without waveforms do not need

    ranges = sorted(set(extents))
    if any(offset < 0 for offset, _ in ranges):
        return read_segments(path, decoder)
    try:
        content = _bytes(path, ranges)
        traces = pymseed.MS3TraceList.from_buffer(content, unpack_data=True)
        segments = decoded_segments(traces)
    except (pymseed.MiniSEEDError, ValueError):
        return read_segments(path, decoder)
    except OSError as error:
        raise WaveformError("unreadable", f"{path.name}: {error.strerror}") from error
    return sorted(segments, key=lambda segment: (segment.seed_id, segment.start_ns))


def _scan_records(path: Path) -> Scan | None:
    """Scan a file around its bad blocks; None where it does not begin as miniSEED or never gets better."""
    found, size = Scan([], []), path.stat().st_size
    start = 0
    for _ in range(MOST_TRIALS):
        stop = _scan_run(path, start, found.extents)
        if stop == 0:
            return None
        if stop >= size:
            return found
        # What only looked like a header belongs to the bad block before it.
        bad = found.bad_blocks.pop()[0] if stop == start else stop
        start = _next_header(path, stop + 1)
        found.bad_blocks.append((bad, start - bad))
        if start == size:
            return found
    return None


def _scan_run(path: Path, start: int, extents: list[Extent]) -> int:
    """Add the extents of unbroken records from some offset on, and return where they end."""
    import pymseed

    current: dict[str, tuple[int, int]] = {}
    begin = offset = start

    def close() -> None:
        extents.extend(
            Extent(libmseed_id(name), *span, begin, offset - begin) for name, span in current.items()
        )
        current.clear()

    try:
        for record in pymseed.MS3Record.from_file(path, start_byte_offset=start, unpack_data=False):
            if offset - begin >= EXTENT_BYTES:
                close()
                begin = offset
            if record.samplecnt > 0 and record.samprate > 0 and record.encoding != _TEXT_ENCODING:
                name, start_ns, end_ns = record.sourceid, record.starttime, record.endtime
                known = current.get(name, (start_ns, end_ns))
                current[name] = min(known[0], start_ns), max(known[1], end_ns)
            offset += record.reclen
    except (pymseed.MiniSEEDError, ValueError):
        pass  # the caller looks for the next record
    close()
    return offset


def _next_header(path: Path, offset: int) -> int:
    """Return the first offset from some offset on at which a record may begin, else the size of the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        match = _HEADER.search(content, offset)
        return len(content) if match is None else match.start()


def _bytes(path: Path, ranges: Iterable[tuple[int, int]]) -> bytes:
    parts = []
    with path.open("rb") as file:
        for offset, size in ranges:
            file.seek(offset)
            parts.append(file.read(size))
    return b"".join(parts)


def end_ns(segment: Segment) -> int:
    """Return the time of a segment's last sample, nanoseconds since 1970 (UTC)."""
    steps = max(segment.samples.size - 1, 0)
    return segment.start_ns + round(steps / segment.sampling_rate_hz * NANOSECONDS_PER_S)
