"""Parts of long files: what a scan says is what reading the whole file says, and only the part is read."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.spans import EXTENT_BYTES, end_ns, read_extents, scan
from seismic_lightning.records.waveform import Segment, read_segments

S = 1_000_000_000
START_NS = 1_700_000_000 * S
RATE_HZ = 100.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write an hour of two channels of noise, one with a gap, as one file."""
    noise = np.random.default_rng(0).integers(-30_000, 30_000, (2, 360_000), dtype=np.int32)
    first, second = (SeedId("KO", "GEML", "", f"HH{letter}") for letter in "ZN")
    segments = [
        Segment(first, START_NS, RATE_HZ, noise[0]),
        Segment(second, START_NS, RATE_HZ, noise[1, :100_000]),
        Segment(second, START_NS + 1500 * S, RATE_HZ, noise[1, 150_000:]),
    ]
    file = tmp_path / "hour.mseed"
    file.write_bytes(miniseed_bytes(segments))
    return file


def test_a_scan_covers_the_file_without_a_hole(path: Path) -> None:
    extents, bad_blocks = scan(path)
    assert bad_blocks == []
    edges = sorted({(extent.offset, extent.offset + extent.size) for extent in extents})
    assert edges[0][0] == 0
    assert edges[-1][1] == path.stat().st_size
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert max(extent.size for extent in extents) < EXTENT_BYTES + 4096
    for segment in read_segments(path):
        own = [extent for extent in extents if extent.seed_id == segment.seed_id]
        assert min(extent.start_ns for extent in own) <= segment.start_ns
        assert max(extent.end_ns for extent in own) >= end_ns(segment)


def test_a_part_holds_the_very_samples_of_the_whole(path: Path) -> None:
    begin, end = START_NS + 1200 * S, START_NS + 1270 * S
    wanted = [extent for extent in scan(path).extents if extent.start_ns <= end and extent.end_ns >= begin]
    parts = read_extents(path, [(extent.offset, extent.size) for extent in wanted])
    assert sum(part.samples.size for part in parts) < 100_000
    whole = next(segment for segment in read_segments(path) if segment.seed_id.component == "Z")
    (part,) = (part for part in parts if part.seed_id == whole.seed_id and part.start_ns <= begin)
    assert end_ns(part) >= end
    first = round((part.start_ns - whole.start_ns) / S * RATE_HZ)
    assert np.array_equal(part.samples, whole.samples[first : first + part.samples.size])


def test_what_cannot_be_scanned_is_read_as_a_whole(path: Path) -> None:
    path.write_bytes(b"000001V 010009402.3121970,001~2038,001~2012,037~XX~".ljust(4096) + path.read_bytes())
    extents = scan(path).extents
    assert {extent.offset for extent in extents} == {-1}
    samples = sum(part.samples.size for part in read_extents(path, [(-1, 0)]))
    assert samples == sum(segment.samples.size for segment in read_segments(path)) > 300_000


NO_RECORDS = [bytes(512), b"\xff" * 100, b"000001V ".ljust(512), b"000001D ".ljust(512), b"MS\x03" * 9]


@pytest.mark.parametrize("garbage", NO_RECORDS)
def test_bad_blocks_are_passed_over_and_told(path: Path, garbage: bytes) -> None:
    raw, expected = path.read_bytes(), read_segments(path)
    record = 512
    assert len(raw) % record == 0
    first, second = (len(raw) // record // 3 * record, len(raw) // record * 2 // 3 * record)
    path.write_bytes(raw[:first] + garbage + raw[first:second] + garbage + raw[second:] + garbage[:50])
    extents, bad_blocks = scan(path)
    size = len(garbage)
    assert bad_blocks == [(first, size), (second + size, size), (len(raw) + 2 * size, len(garbage[:50]))]
    found = read_extents(path, [(extent.offset, extent.size) for extent in extents])
    for ours, theirs in zip(found, expected, strict=True):
        assert ours[:3] == theirs[:3]
        assert np.array_equal(ours.samples, theirs.samples)


def test_a_lost_record_is_a_gap_and_nothing_else(path: Path) -> None:
    raw = path.read_bytes()
    place = len(raw) // 1024 * 512
    path.write_bytes(raw[:place] + bytes(512) + raw[place + 512 :])
    extents, bad_blocks = scan(path)
    assert bad_blocks == [(place, 512)]
    found = read_extents(path, [(extent.offset, extent.size) for extent in extents])
    samples = sum(segment.samples.size for segment in found)
    assert 670_000 - 1000 < samples < 670_000 - 100
    assert len(found) == 4


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty_file"), (b"no miniSEED at all", "unreadable")])
def test_other_files_are_refused_by_name(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    with pytest.raises(WaveformError, match="odd") as refused:
        scan(path)
    assert refused.value.reason == reason
    with pytest.raises(WaveformError, match="absent"):
        scan(tmp_path / "absent")
