"""Files of every miniSEED kind become segments, or are refused by name; both readers agree."""

import os
import time
import warnings
from pathlib import Path

import numpy as np
import obspy
import pymseed
import pytest
from obspy import Stream, read
from support.archive import gap, write_archive

from seismic_lightning.codes import SeedId
from seismic_lightning.curation.reasons import REASONS
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.waveform import read_segments


def test_an_event_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    folder = write_archive(
        tmp_path / "archive", n_events=1, n_stations=1, edits={(0, 0): gap("N", 20.0, 23.0)}
    )
    path = next(folder.rglob("*.mseed"))
    segments = read_segments(path)
    stream = read(str(path), format="MSEED").sort()
    assert [str(segment.seed_id) for segment in segments] == [trace.id for trace in stream]
    assert [segment.seed_id.component for segment in segments] == ["E", "N", "N", "Z"]
    for segment, trace in zip(segments, stream, strict=True):
        assert segment.start_ns == trace.stats.starttime.ns
        assert np.array_equal(segment.samples, trace.data)
    assert (segments[2].start_ns - segments[1].start_ns) / 1e9 == pytest.approx(23.0)


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty_file"), (b"not miniSEED" * 100, "unreadable")])
def test_what_is_no_miniseed_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "file.mseed"
    path.write_bytes(content)
    with pytest.raises(WaveformError) as refused:
        read_segments(path)
    assert refused.value.reason == reason


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WaveformError, match="No such file") as refused:
        read_segments(tmp_path / "file.mseed")
    assert refused.value.reason == "unreadable"


def test_a_pickle_in_disguise_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "file.mseed"
    path.write_bytes(b"\x80\x04cobspy.core.stream\nStream\n." + bytes(500))
    with pytest.raises(WaveformError) as refused:
        read_segments(path)
    assert refused.value.reason == "unreadable"


def test_dashes_stand_for_no_network(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    path = next(folder.rglob("*.mseed"))
    stream = read(str(path), format="MSEED")
    for trace in stream:
        trace.stats.network = "--"
    stream.write(str(path), format="MSEED")
    assert read_segments(path)[2].seed_id == SeedId("", "ST00", "", "HHZ")


REAL = os.environ.get("SEISMIC_REAL_DATA")
REFUSED = {
    "ceyt_zero_length.mseed": "empty_file",
    "corrupt-blockettes-wrongnext.mseed": "unreadable",
    "detection.record.mseed": "no_samples",
    "fullASCII_bigEndian.mseed": "no_samples",
    "fullASCII_littleEndian.mseed": "no_samples",
    "invalid-blockette-offsets.mseed": "unreadable",
    "reference-testdata-headeronly.mseed3": "no_samples",
    "text-encoded.mseed": "no_samples",
}
HARD = sorted(Path(REAL or ".").glob("hard/*/*.mseed*")) if REAL else []


@pytest.mark.skipif(REAL is None, reason="SEISMIC_REAL_DATA is not set: no real files to read")
@pytest.mark.parametrize("path", HARD, ids=lambda path: path.name)
def test_hard_files_are_read_like_obspy_reads_them_or_refused(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(WaveformError) as refused:
            read_segments(path)
        assert refused.value.reason == REFUSED[path.name]
        return
    segments = read_segments(path)
    assert all(np.isfinite(segment.sampling_rate_hz) for segment in segments)
    if path.suffix == ".mseed3":
        return  # ObsPy does not know miniSEED 3
    stream = (
        read(str(path), format="MSEED")
        .merge(method=-1)
        .sort(["network", "station", "location", "channel", "starttime"])
    )
    assert sum(segment.samples.size for segment in segments) == sum(trace.stats.npts for trace in stream)
    traces = {(trace.id, trace.stats.starttime.ns): trace.data for trace in stream}
    for segment in segments:
        expected = traces.get((str(segment.seed_id), segment.start_ns))
        if expected is not None:
            count = min(expected.size, segment.samples.size)
            assert np.array_equal(
                segment.samples[:count], expected[:count], equal_nan=expected.dtype.kind == "f"
            )


@pytest.mark.skipif(REAL is None, reason="SEISMIC_REAL_DATA is not set: no real files to read")
@pytest.mark.parametrize(
    "path", sorted(Path(REAL).glob("hard/*/*")) if REAL else [], ids=lambda path: path.name
)
def test_every_hard_file_ends_in_time_as_segments_or_by_name(path: Path) -> None:
    start = time.perf_counter()
    try:
        assert all(segment.samples.size for segment in read_segments(path))
    except WaveformError as error:
        named = error.reason in REASONS and path.name in str(error)
        assert named, str(error)  # noqa: PT017 - the reason is what is tested
    assert time.perf_counter() - start < 5.0


def refuse(*_: object, **__: object) -> None:
    raise pymseed.MiniSEEDError(-1, "not for me")


def test_what_pymseed_refuses_is_read_by_obspy_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_archive(
        tmp_path / "archive", n_events=1, n_stations=1, edits={(0, 0): gap("N", 20.0, 23.0)}
    )
    path = next(folder.rglob("*.mseed"))
    expected = read_segments(path)
    monkeypatch.setattr(pymseed.MS3TraceList, "from_file", refuse)
    for ours, theirs in zip(read_segments(path), expected, strict=True):
        assert ours[:3] == theirs[:3]
        assert np.array_equal(ours.samples, theirs.samples)


def test_a_file_that_obspy_warns_about_is_refused_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(*_: object, **__: object) -> Stream:
        warnings.warn("record 3 has a bad checksum", UserWarning, stacklevel=1)
        return Stream()

    path = tmp_path / "file.mseed"
    path.write_bytes(b"x")
    monkeypatch.setattr(pymseed.MS3TraceList, "from_file", refuse)
    monkeypatch.setattr(obspy, "read", warn)
    with pytest.raises(WaveformError, match="bad checksum") as refused:
        read_segments(path)
    assert refused.value.reason == "damaged"
