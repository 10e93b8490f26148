"""Whether a body is what was asked for, record by record, and what it still lacks.

Nodes answer with whole records, which may reach over the edges of the time that was asked for, some also
with the neighbours of these; what lies outside by more than one sample is cut off, and a record farther away
than the length of one is none of ours. The same samples twice are the same samples; two different
ones for one time are refused. A body that is cut between two records looks like an outage of the station,
which is why what is missing gets asked for again, by itself.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.acquisition.plan import Window
from seismic_lightning.codes import NANOSECONDS_PER_S, SeedId, plain_code
from seismic_lightning.errors import AcquisitionError
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment

_SAMPLES = ("i", "f", "d")
_MARKUP = (b"<", b"{")


class Packet(NamedTuple):
    """One miniSEED record.

    Attributes:
        segment: Its samples.
        content: Its bytes.
    """

    segment: Segment
    content: bytes


class Stretch(NamedTuple):
    """A time of one channel, nanoseconds since 1970 (UTC), both ends included."""

    seed_id: SeedId
    start_ns: int
    end_ns: int


def stretches(window: Window) -> list[Stretch]:
    """Return all that a window asks for, by channel."""
    codes = (window.network, window.station, window.location)
    return [Stretch(SeedId(*codes, channel), window.start_ns, window.end_ns) for channel in window.channels]


def packets(body: bytes, asked: Sequence[Stretch]) -> list[Packet]:
    """Take a body apart and refuse what was not asked for.

    Args:
        body: Answer of a dataselect service.
        asked: Stretches that were asked for.

    Returns:
        Its records in the order of the body.

    Raises:
        AcquisitionError: ``empty_body``, ``not_miniseed``, ``cut_body``, ``wrong_channel`` or ``wrong_time``.
    """
    if not body:
        raise AcquisitionError("empty_body", "the answer has no bytes")
    spans: dict[SeedId, list[Stretch]] = {}
    for stretch in asked:
        spans.setdefault(stretch.seed_id, []).append(stretch)
    found = _decoded(body)
    longest_ns: dict[SeedId, int] = {}
    for segment, _ in found:
        length_ns = _delta_ns(segment) * segment.samples.size
        longest_ns[segment.seed_id] = max(longest_ns.get(segment.seed_id, 0), length_ns)
    for segment, _ in found:
        name = str(segment.seed_id)
        if segment.seed_id not in spans:
            raise AcquisitionError("wrong_channel", f"the answer holds {name}, which was not asked for")
        reach_ns = longest_ns[segment.seed_id]
        if not any(
            segment.start_ns <= span.end_ns + reach_ns and _end_ns(segment) >= span.start_ns - reach_ns
            for span in spans[segment.seed_id]
        ):
            raise AcquisitionError("wrong_time", f"the answer holds {name} at another time than asked for")
    return found


def joined(found: Iterable[Packet], asked: Stretch) -> list[Segment]:
    """Join the records of one channel.

    Args:
        found: Records, also of other channels.
        asked: Channel and time; samples outside, by more than one sample, are left out.

    Returns:
        Segments without overlap, in order of time.

    Raises:
        AcquisitionError: ``conflicting_overlap``.
    """
    own = sorted(
        (packet.segment for packet in found if packet.segment.seed_id == asked.seed_id),
        key=lambda segment: segment.start_ns,
    )
    runs: list[Segment] = []
    for segment in own:
        trimmed = _trimmed(segment, asked)
        if trimmed.samples.size == 0:
            continue
        if not runs or not _touch(runs[-1], trimmed):
            runs.append(trimmed)
        else:
            runs[-1] = _append(runs[-1], trimmed)
    return runs


def missing(runs: Sequence[Segment], asked: Stretch) -> list[Stretch]:
    """Return the parts of a stretch, longer than one sample, that no segment covers.

    Args:
        runs: From ``joined``.
        asked: What was asked for.
    """
    if not runs:
        return [asked]
    parts, reached_ns = [], asked.start_ns
    for run in runs:
        delta_ns = _delta_ns(run)
        if run.start_ns - reached_ns > delta_ns:
            parts.append(Stretch(asked.seed_id, reached_ns, run.start_ns - delta_ns // 2))
        reached_ns = _end_ns(run) + delta_ns // 2
    if asked.end_ns - reached_ns > _delta_ns(runs[-1]):
        parts.append(Stretch(asked.seed_id, reached_ns, asked.end_ns))
    return parts


def content_of(found: Sequence[Packet], runs: Sequence[Segment]) -> bytes:
    """Return what is stored: the node's own records where these are exactly the samples, else new ones.

    Args:
        found: Records of the channels of one window.
        runs: Their joined segments, channel by channel.
    """
    if sum(packet.segment.samples.size for packet in found) == sum(run.samples.size for run in runs):
        return b"".join(packet.content for packet in found)
    return miniseed_bytes(runs)


def _decoded(body: bytes) -> list[Packet]:
    import pymseed  # here: loads a C library that commands without waveforms do not need

    found = []
    try:
        for record in pymseed.MS3Record.from_buffer(body, unpack_data=True):
            if record.sampletype not in _SAMPLES or record.samprate <= 0 or record.numsamples <= 0:
                raise AcquisitionError("not_miniseed", f"a record of {record.sourceid} holds no samples")
            codes = pymseed.sourceid2nslc(record.sourceid)
            seed_id = SeedId(plain_code(codes[0]), codes[1].strip(), plain_code(codes[2]), codes[3].strip())
            samples = np.array(record.np_datasamples)  # a copy: the next record takes this one's place
            segment = Segment(seed_id, int(record.starttime), float(record.samprate), samples)
            found.append(Packet(segment, bytes(record.record)))
    except (pymseed.MiniSEEDError, ValueError) as error:
        if "Incomplete" in str(error) or (found and not body.lstrip().startswith(_MARKUP)):
            raise AcquisitionError("cut_body", f"the last record is not whole: {error}") from error
        raise AcquisitionError("not_miniseed", f"the answer begins with {body[:40]!r}") from error
    if not found:
        raise AcquisitionError("empty_body", "the answer holds no records")
    return found


def _trimmed(segment: Segment, asked: Stretch) -> Segment:
    """Cut off what lies more than a sample outside the time that was asked for."""
    delta_ns = _delta_ns(segment)
    first = max(-((segment.start_ns - asked.start_ns + delta_ns) // delta_ns), 0)
    last = min((asked.end_ns + delta_ns - segment.start_ns) // delta_ns, segment.samples.size - 1)
    if first == 0 and last == segment.samples.size - 1:
        return segment
    start_ns = segment.start_ns + round(first * NANOSECONDS_PER_S / segment.sampling_rate_hz)
    return segment._replace(start_ns=start_ns, samples=segment.samples[first : max(last + 1, first)])


def _touch(before: Segment, after: Segment) -> bool:
    """Tell whether a segment overlaps another, or continues it at the same rate."""
    reach = 1.5 if _alike(before, after) else 0.5
    return after.start_ns - _end_ns(before) <= reach * _delta_ns(before)


def _alike(one: Segment, other: Segment) -> bool:
    return one.sampling_rate_hz == other.sampling_rate_hz and one.samples.dtype == other.samples.dtype


def _append(before: Segment, after: Segment) -> Segment:
    """Continue a segment by another that overlaps or follows it.

    Raises:
        AcquisitionError: The two hold different samples for one time, or differ in rate where they meet.
    """
    offset = round((after.start_ns - before.start_ns) / _delta_ns(before))
    shared = max(min(before.samples.size - offset, after.samples.size), 0)
    if not _alike(before, after) or not _equal(
        before.samples[offset : offset + shared], after.samples[:shared]
    ):
        raise AcquisitionError(
            "conflicting_overlap", f"{before.seed_id} has different samples for the same time"
        )
    return before._replace(samples=np.concatenate([before.samples, after.samples[shared:]]))


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _delta_ns(segment: Segment) -> int:
    return round(NANOSECONDS_PER_S / segment.sampling_rate_hz)


def _end_ns(segment: Segment) -> int:
    steps = segment.samples.size - 1
    return segment.start_ns + round(steps * NANOSECONDS_PER_S / segment.sampling_rate_hz)
