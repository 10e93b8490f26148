"""Preprocessing against ObsPy, band by band and rate by rate, and what it promises besides."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import obspy
import pytest
import torch
from numpy.typing import NDArray
from scipy import signal
from support.signals import counts, option

from seismic_lightning.errors import BandError, ConfigurationError
from seismic_lightning.transforms.plan import chunk_size
from seismic_lightning.transforms.preprocess import Preprocess

RATES_HZ = (20.0, 40.0, 50.0, 80.0, 100.0, 200.0)
F32_BOUND = 5e-7
"""Relative error of single precision; where the filter removes most of a record, of what it removed."""
F64_BOUND = 1e-9
"""Relative error that the response's wrapped-around end may leave in double precision."""

Reference = tuple[NDArray[np.float64], float]
"""ObsPy's result for one trace, and the RMS of the trace as it entered the filter."""


def by_obspy(
    trace: NDArray[np.int32], rate_hz: float, band_hz: NDArray[np.float64], zero_phase: bool
) -> Reference:
    reference = obspy.Trace(trace.astype(np.float64), {"sampling_rate": rate_hz})
    reference.detrend("demean").detrend("linear").taper(0.05, "cosine")
    rms_in = float(np.sqrt(np.mean(reference.data**2)))
    low, high = band_hz
    reference.filter("bandpass", freqmin=low, freqmax=high, corners=4, zerophase=zero_phase)
    return reference.data, rms_in


def share_of_bound(result: NDArray[np.float64], reference: Reference, bound: float) -> float:
    """Return the relative L2 error in units of what is permitted."""
    expected, rms_in = reference
    rms_out = float(np.sqrt(np.mean(expected**2)))
    error = float(np.sqrt(np.mean((result - expected) ** 2))) / rms_out
    return error / (bound if bound == F64_BOUND else bound * max(1.0, rms_in / rms_out))


@cache
def references(rate_hz: float, zero_phase: bool) -> tuple[NDArray[np.int32], list[list[Reference]]]:
    """Return a record and ObsPy's result for every band of the shipped table."""
    record = counts(1, rate_hz, seed=int(rate_hz))
    corners_hz, _, _ = Preprocess(option("marmara")).table.clipped_hz(0.8 * rate_hz / 2)
    return record, [
        [by_obspy(trace, rate_hz, band_hz, zero_phase) for trace in record[0]] for band_hz in corners_hz
    ]


@pytest.mark.parametrize(("dtype", "bound"), [("float32", F32_BOUND), ("float64", F64_BOUND)])
@pytest.mark.parametrize("zero_phase", [False, True], ids=["causal", "zero_phase"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("way", ["recursion", "transforms"])
def test_every_band_equals_obspy(
    rate_hz: float, zero_phase: bool, dtype: str, bound: float, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "transforms":  # the accelerators' way
        monkeypatch.setattr("seismic_lightning.transforms.plan.recurses", lambda *_: False)
    record, expected = references(rate_hz, zero_phase)
    settings = option("marmara", sampling_rate_hz=rate_hz, zero_phase=zero_phase, dtype=dtype)
    n_bands = len(expected)
    results = Preprocess(settings)(
        torch.from_numpy(record).expand(n_bands, -1, -1), rate_hz, torch.arange(n_bands)
    )
    for band, traces in enumerate(expected):
        for component, reference in enumerate(traces):
            result = results[band, component].double().numpy()
            assert share_of_bound(result, reference, bound) <= 1.0, (band, component)


@pytest.mark.skipif("SEISMIC_REAL_DATA" not in os.environ, reason="SEISMIC_REAL_DATA names no folder")
@pytest.mark.parametrize("zero_phase", [False, True], ids=["causal", "zero_phase"])
def test_real_records_equal_obspy(zero_phase: bool) -> None:
    files = sorted((Path(os.environ["SEISMIC_REAL_DATA"]) / "records" / "waveforms").glob("*/*.mseed"))
    checked = set()
    for index, path in enumerate(files[::12]):
        trace = obspy.read(path, format="MSEED")[0]
        rate_hz, samples = trace.stats.sampling_rate, trace.data
        if samples.dtype != np.int32 or np.ma.isMaskedArray(samples) or np.ptp(samples) == 0:
            continue
        settings = option("marmara", sampling_rate_hz=rate_hz, zero_phase=zero_phase)
        preprocess = Preprocess(settings)
        band = torch.tensor([index % len(preprocess.table), 4])  # one in turn, and the lowest corner of HH
        corners_hz, _, _ = preprocess.table.clipped_hz(0.8 * rate_hz / 2)
        results = preprocess(torch.from_numpy(samples).expand(2, 1, -1), rate_hz, band).double().numpy()
        for result, row in zip(results[:, 0], band, strict=True):
            reference = by_obspy(samples, rate_hz, corners_hz[row], zero_phase)
            assert share_of_bound(result, reference, F32_BOUND) <= 1.0, (path.name, row)
        checked.add(rate_hz)
    assert len(checked) >= 4


@pytest.mark.parametrize("zero_phase", [False, True], ids=["causal", "zero_phase"])
@pytest.mark.parametrize("rate_hz", [20.0, 50.0, 62.5, 200.0, 250.0])
def test_resampling_equals_scipy_on_the_padded_trace(rate_hz: float, zero_phase: bool) -> None:
    record = counts(1, rate_hz, length_s=40.0)
    preprocess = Preprocess(option("marmara", dtype="float64", zero_phase=zero_phase))
    result = preprocess(torch.from_numpy(record), rate_hz, preprocess.bands(["BH"], [2.5]))[0, 0].numpy()
    trace = obspy.Trace(record[0, 0].astype(np.float64), {"sampling_rate": rate_hz})
    trace.detrend("demean").detrend("linear").taper(0.05, "cosine")
    sections = signal.butter(4, [0.5, 5.0], btype="bandpass", fs=rate_hz, output="sos")
    before, n_padded = round(200 * rate_hz), round(440 * rate_hz)
    pad = (before, n_padded - before - len(trace.data))
    if zero_phase:
        forwards = signal.sosfilt(sections, trace.data)
        filtered = signal.sosfilt(sections, np.pad(forwards, pad)[::-1])[::-1]
    else:
        filtered = signal.sosfilt(sections, np.pad(trace.data, pad))
    expected = signal.resample(filtered, 44_000)[20_000 : 20_000 + len(result)]
    assert len(result) == preprocess.n_samples(40.0) == 4001
    # What is cut off above the common Nyquist frequency leaves tails that depend a little on the padding.
    assert np.linalg.norm(result - expected) / np.linalg.norm(expected) < 1e-7


@pytest.mark.parametrize("rate_hz", [20.0, 40.0, 50.0, 62.5, 125.0, 200.0, 250.0])
def test_a_band_limited_signal_is_resampled_exactly(rate_hz: float) -> None:
    def packet(rate: float) -> NDArray[np.float64]:
        time_s = np.arange(round(40 * rate) + 1) / rate
        return np.asarray(np.exp(-(((time_s - 20) / 2) ** 2)) * np.cos(2 * np.pi * 3 * time_s))

    preprocess = Preprocess(option("none", dtype="float64"))
    waveform = torch.from_numpy(packet(rate_hz)).expand(2, 3, -1)
    result = preprocess(waveform, rate_hz, preprocess.bands(["HH", "HN"], [2.0, 3.0]))
    torch.testing.assert_close(result, torch.from_numpy(packet(100.0)).expand(2, 3, -1), rtol=0, atol=1e-9)


def test_a_large_offset_costs_no_precision() -> None:
    record = torch.from_numpy(counts(2, 100.0))
    record -= record.min()
    preprocess = Preprocess(option("marmara"))
    band = torch.tensor([0, 9])
    expected = preprocess(record, 100.0, band)
    assert torch.equal(preprocess(record + 1_000_003, 100.0, band), expected)
    assert torch.equal(preprocess(record - 2_000_000_000, 100.0, band), expected)


@pytest.mark.parametrize("dtype", [torch.int32, torch.float32])
def test_a_gap_does_what_a_straight_line_would(dtype: torch.dtype) -> None:
    record = torch.from_numpy(counts(1, 50.0)).to(dtype)
    line = record.clone()
    ends = record[..., [999, 1500]].double()
    line[..., 1000:1500] = torch.lerp(
        ends[..., :1], ends[..., 1:], torch.arange(1, 501, dtype=torch.float64) / 501
    ).to(dtype)
    record[..., 1000:1500] = torch.nan if dtype.is_floating_point else torch.iinfo(dtype).min
    preprocess = Preprocess(option("marmara"))
    band = torch.tensor([1])
    result, expected = preprocess(record, 50.0, band), preprocess(line, 50.0, band)
    assert result.isfinite().all()
    torch.testing.assert_close(result, expected, rtol=0, atol=1.0)  # a line of counts is rounded


@pytest.mark.parametrize("rate_hz", [50.0, 100.0])
def test_a_record_does_not_depend_on_its_batch(rate_hz: float) -> None:
    records = torch.from_numpy(counts(20, rate_hz))
    preprocess = Preprocess(option("marmara"))
    band = torch.arange(20)
    together = preprocess(records, rate_hz, band)
    alone = torch.cat([preprocess(records[[row]], rate_hz, band[[row]]) for row in range(20)])
    assert torch.equal(together, alone)


def test_without_preprocessing_the_samples_stay() -> None:
    record = torch.from_numpy(counts(2, 100.0)).float()
    kept = record.clone()
    preprocess = Preprocess(option("none"))
    torch.testing.assert_close(preprocess(record, 100.0, torch.zeros(2, dtype=torch.int64)), record)
    assert torch.equal(record, kept)


@pytest.mark.parametrize("name", ["marmara", "fixed_band", "none"])
@pytest.mark.parametrize("dtype", [torch.int32, torch.float32, torch.float64])
def test_the_input_is_left_alone(name: str, dtype: torch.dtype) -> None:
    record = torch.from_numpy(counts(2, 50.0, 30.0)).to(dtype)
    kept = record.clone()
    preprocess = Preprocess(option(name))
    preprocess(record, 50.0, preprocess.bands(["HH", "EH"], [1.0, 2.0]))
    assert torch.equal(record, kept)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0])
def test_mixed_precision_leaves_the_result_alone(rate_hz: float) -> None:
    record = torch.from_numpy(counts(2, rate_hz))
    preprocess = Preprocess(option("marmara"))
    band = torch.tensor([0, 9])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = preprocess(record, rate_hz, band)
    assert torch.equal(mixed, preprocess(record, rate_hz, band))


def test_a_missing_component_becomes_zeros() -> None:
    record = torch.from_numpy(counts(1, 100.0))
    record[:, 1] = torch.iinfo(torch.int32).min
    result = Preprocess(option("marmara"))(record, 100.0, torch.tensor([0]))
    assert (result[:, 1] == 0).all()
    assert result[:, 0].abs().max() > 100


def test_clipped_bands_are_told() -> None:
    preprocess = Preprocess(option("marmara"))
    clipped = preprocess.clipped(20.0)
    names = [name for name, is_clipped in zip(preprocess.table.names, clipped, strict=True) if is_clipped]
    assert "HH 2 <= M < 3" in names
    assert "HH M >= 4" not in names  # 8 Hz is 0.8 of the Nyquist frequency: not above it
    assert not preprocess.clipped(200.0).any()
    assert not Preprocess(option("none")).clipped(20.0).any()


def test_a_band_without_room_is_refused_by_name_only_where_it_is_used() -> None:
    preprocess = Preprocess(option("marmara"))
    record = torch.from_numpy(counts(2, 5.0))
    small, large = preprocess.bands(["HH", "HH"], [0.5, 4.2])
    preprocess.check(5.0, 301, large[None])
    assert preprocess(record[:1], 5.0, large[None]).isfinite().all()
    message = "HH M < 1: its low corner 2 Hz is at or above 2 Hz"
    with pytest.raises(BandError, match=message):
        preprocess.check(5.0, 301, torch.stack([small, large]))
    with pytest.raises(BandError, match=message):
        preprocess(record, 5.0, torch.stack([small, large]))


def test_a_rate_that_cannot_be_resampled_is_named() -> None:
    preprocess = Preprocess(option("marmara"))
    with pytest.raises(ConfigurationError, match=r"99\.9998 Hz"):
        preprocess(torch.ones(1, 3, 7001, dtype=torch.int32), 99.9998, torch.tensor([0]))


@pytest.mark.parametrize(
    "changes",
    [{"sampling_rate_hz": 0.0}, {"taper_fraction": 0.6}, {"corners": 0}, {"dtype": "float16"}],
    ids=lambda changes: next(iter(changes)),
)
def test_impossible_settings_are_named(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=f"preprocess.{next(iter(changes))}"):
        Preprocess(option("marmara", **changes))


def test_an_accelerator_is_never_asked_anything() -> None:
    # Tensors on "meta" have shapes but no data: whatever waits for a value, or mixes devices, fails.
    preprocess = Preprocess(option("marmara"))
    record = torch.empty(4, 3, 1401, dtype=torch.int32, device="meta")
    result = preprocess(record, 20.0, torch.zeros(4, dtype=torch.int64, device="meta"))
    assert result.device.type == "meta"
    assert result.shape == (4, 3, 7001)


def test_the_accelerators_way_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    record = torch.from_numpy(counts(20, 50.0))
    record[3, :, 700:900] = torch.iinfo(torch.int32).min
    band = torch.arange(20)
    expected = Preprocess(option("marmara"))(record, 50.0, band)
    monkeypatch.setattr("seismic_lightning.transforms.plan.recurses", lambda *_: False)
    monkeypatch.setattr("seismic_lightning.transforms.gaps._answers_at_once", lambda _: False)
    preprocess = Preprocess(option("marmara"))
    result = preprocess(record, 50.0, band)
    error = (result - expected).norm(dim=-1) / expected.norm(dim=-1)
    assert error.max() < F32_BOUND


def test_an_accelerator_that_is_told_of_no_gaps_looks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    record, band = torch.from_numpy(counts(20, 50.0)), torch.arange(20)
    monkeypatch.setattr("seismic_lightning.transforms.gaps._answers_at_once", lambda _: False)
    preprocess = Preprocess(option("marmara"))
    expected = preprocess(record, 50.0, band)
    monkeypatch.setattr("seismic_lightning.transforms.preprocess.fill_gaps", None)
    assert torch.equal(preprocess(record, 50.0, band, gapless=True), expected)
    with pytest.raises(TypeError):
        preprocess(record, 50.0, band)


def test_an_accelerator_is_told_of_impossible_bands_only_where_none_is_possible() -> None:
    record = torch.empty(2, 3, 1401, dtype=torch.int32, device="meta")
    band = torch.zeros(2, dtype=torch.int64, device="meta")
    bands = {"any": [[1.0, 5.0]], "EH": [[9.0, 40.0]]}
    assert Preprocess(option("fixed_band", bands_hz=bands))(record, 20.0, band).shape[0] == 2
    preprocess = Preprocess(option("fixed_band", bands_hz={"any": [[9.0, 40.0]]}))
    with pytest.raises(BandError, match="9 Hz is at or above 8 Hz"):
        preprocess(record, 20.0, band)


def test_what_an_accelerator_works_on_at_once_is_bounded_by_its_size_not_by_its_number() -> None:
    meta = torch.device("meta")
    assert chunk_size(meta, 3 * 7001) > 1000
    assert chunk_size(meta, 3 * 1_000_000) == 11
    assert chunk_size(meta, 10**9) == 1
    assert chunk_size(torch.device("cpu"), 10**9) == chunk_size(torch.device("cpu"), 1)
