"""Foreign GSE waveforms: decoded as ObsPy decodes them, and whatever happens, only the child dies of it."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from obspy import Stream, Trace, UTCDateTime, read
from support.mutants import mutants

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import WaveformError
from seismic_lightning.records import gse2
from seismic_lightning.records.gse2 import Gse2Decoder, read_gse2_segments
from seismic_lightning.records.spans import read_extents, scan
from seismic_lightning.records.waveform import Segment, read_segments

START = UTCDateTime(2023, 12, 4, 7, 42, 20, 500000)
REASONS = {"unreadable", "damaged", "no_samples", "empty_file"}
REAL_DATA = os.environ.get("SEISMIC_REAL_DATA")
REFUSED = {
    "GRF_031102_0225.GSE.wrong_chksum": "damaged",
    "STA2.testlines": "unreadable",
    "broken_head.gse2": "unreadable",
    "loc_RJOB20050831023349.z.wrong_chksum": "damaged",
}
HARD = (
    sorted(
        [*Path(REAL_DATA).glob("hard/gse2_waveforms/*"), *Path(REAL_DATA).glob("hard/gaps_overlaps/*.gse2")]
    )
    if REAL_DATA
    else []
)


def write(path: Path, n_samples: int = 300, n_traces: int = 2) -> Stream:
    """Write counts as GSE2 and return what was written."""
    rng = np.random.default_rng(1)
    stream = Stream()
    for number in range(n_traces):
        counts = np.cumsum(rng.integers(-200, 200, n_samples)).astype(np.int32)
        header = {"station": "ADVT", "channel": "HHZNE"[:2] + "ZNE"[number], "sampling_rate": 100.0}
        header |= {"starttime": START, "network": "KO"}
        stream.append(Trace(counts, header))
    # A checksum needs its own copy: ObsPy's writer changes the samples it is given.
    stream.copy().write(str(path), format="GSE2")
    return stream


def test_readers_of_many_files_share_one_process(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.gse2" for number in range(3)]
    for path in paths:
        write(path)
    with Gse2Decoder() as decoder:
        for path in paths:
            (first, _), bad_blocks = scan(path, decoder)
            assert bad_blocks == []
            found = read_extents(path, [(first.offset, first.size)], decoder)
            assert [segment.samples.size for segment in found] == [300, 300]
            assert len(read_segments(path, decoder)) == 2
        assert decoder.n_started == 1


def test_samples_times_and_codes_come_back(tmp_path: Path) -> None:
    path = tmp_path / "event.gse2"
    stream = write(path)
    segments = read_segments(path)
    assert [segment.seed_id for segment in segments] == [
        SeedId("KO", "ADVT", "", "HHN"),
        SeedId("KO", "ADVT", "", "HHZ"),
    ]
    for segment, trace in zip(segments, reversed(stream), strict=True):
        assert (segment.start_ns, segment.sampling_rate_hz) == (START.ns, 100.0)
        assert segment.samples.dtype == np.int32
        np.testing.assert_array_equal(segment.samples, trace.data)


def refusal(path: Path) -> WaveformError:
    with pytest.raises(WaveformError) as refused:
        read_gse2_segments(path)
    return refused.value


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"CM6", b"CM9", "line 1: samples as 'CM9', not CM6 or INT"),
        (b"     300", b"99999999", "99999999 samples in a file of"),
        (b"     300", b"    -300", "-300 samples"),
        (b"  100.000000", b"    0.000000", "a sampling rate of 0 Hz"),
        (b"  100.000000", b"         nan", "a sampling rate of nan Hz"),
        (b"ADVT", b"AD\x00T", "characters that are no text"),
        (
            b"DAT2\n",
            b"DAT2\n" + b"+" * 83 + b"\n",
            "line 4: 83 bytes; compressed samples come in lines of 80",
        ),
        (b"WID2", b"WIX2", "no WID2 or WID1 line"),
    ],
)
def test_headers_that_cannot_be_start_no_process(
    tmp_path: Path, old: bytes, new: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "event.gse2"
    write(path, n_traces=1)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    monkeypatch.setattr(gse2, "CHILD", "no.such.module")
    error = refusal(path)
    assert error.reason == "unreadable"
    assert message in str(error)


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "event.gse2"
    write(path, n_traces=1)
    content = path.read_bytes()
    place = content.index(b"CHK2 ")
    path.write_bytes(content[:place] + b"CHK2        7\n")
    error = refusal(path)
    assert error.reason == "damaged"
    assert "event.gse2: ChksumError" in str(error)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in str(refusal(tmp_path / "event.gse2"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("die", "die.gse2: the decoder died with exit status -6"),
        ("hang", "hang.gse2: decoding takes longer than 0.2 s"),
        ("nonsense", "the decoder gave nonsense"),
        ("short", "the decoder gave nonsense"),
        ("half", "the decoder died before its last sample"),
    ],
)
def test_the_parent_outlives_its_child(
    tmp_path: Path, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gse2, "CHILD", "support.broken_decoder")
    for stem in (name, "sound"):
        write(tmp_path / f"{stem}.gse2", n_traces=1)
    with Gse2Decoder(time_limit_s=0.2 if name == "hang" else 30.0) as decoder:
        assert decoder.read(tmp_path / "sound.gse2") == []
        with pytest.raises(WaveformError, match=message) as refused:
            decoder.read(tmp_path / f"{name}.gse2")
        assert refused.value.reason == "damaged"
        assert decoder.n_started == 2, "a process that read other files before is not proof enough"
        assert decoder.read(tmp_path / "sound.gse2") == []
        assert decoder.n_started == 3


def test_a_child_that_cannot_start_is_a_defect_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gse2, "CHILD", "no.such.module")
    write(tmp_path / "event.gse2")
    with pytest.raises(RuntimeError, match="did not start"):
        read_gse2_segments(tmp_path / "event.gse2")


def test_mutants_of_waveforms_end_as_segments_or_by_name(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count = max(200, request.config.getoption("--mutants") // 10)
    path = tmp_path / "event.gse2"
    write(path)
    read_as: list[list[Segment]] = []
    slowest_s = 0.0
    with Gse2Decoder() as decoder:
        for content in mutants(path.read_bytes(), count, seed=2, text=True):
            path.write_bytes(content)
            start = time.perf_counter()
            try:
                read_as.append(decoder.read(path))
            except WaveformError as error:
                assert error.reason in REASONS  # noqa: PT017 - the reason is what is tested
            slowest_s = max(slowest_s, time.perf_counter() - start)
    assert 0 < len(read_as) < count
    assert slowest_s < 60.0


@pytest.mark.skipif(REAL_DATA is None, reason="SEISMIC_REAL_DATA is not set: no real files to read")
@pytest.mark.parametrize("path", HARD, ids=lambda path: path.name)
def test_hard_files_are_read_like_obspy_reads_them_or_refused(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(WaveformError) as refused:
            read_segments(path)
        assert refused.value.reason == REFUSED[path.name]
        return
    form = "GSE1" if path.read_bytes()[:4] == b"XW01" else "GSE2"
    stream = read(str(path), format=form)
    segments = read_segments(path)
    assert len(segments) == len(stream)
    for segment, trace in zip(segments, stream, strict=True):
        assert segment.start_ns == trace.stats.starttime.ns
        assert segment.sampling_rate_hz == trace.stats.sampling_rate
        np.testing.assert_array_equal(segment.samples, trace.data)
