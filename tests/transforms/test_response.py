"""Removal of the instrument response against ObsPy, for sensors and rates of every kind and mixed ones."""

import os
from pathlib import Path

import numpy as np
import obspy
import pytest
import torch
from numpy.typing import NDArray
from obspy.core.inventory.response import Response
from obspy.signal.util import _npts2nfft
from support.instruments import example, instruments, many_stages
from support.signals import counts, option

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation.metadata import _response as simulated
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.response import Instruments, transform_length
from seismic_lightning.transforms.settings import StftSettings

F64_BOUND = 1e-6
"""Relative error in the pass band in double precision, mostly that of the stored response's spline."""
F32_BOUND = 5e-5
"""The same in single precision: rounding, and what wraps around in a faster length than ObsPy's."""

CASES: dict[str, tuple[str, float, Response]] = {
    "simulated HH": ("HH", 100.0, simulated("HH", 9e8)),
    "simulated EH": ("EH", 100.0, simulated("EH", 9e8)),
    "simulated HN": ("HN", 100.0, simulated("HN", 4.3e5)),
    "simulated BH": ("BH", 50.0, simulated("BH", 9e8)),
    "example HHZ": ("HH", 100.0, example("HHZ")),
    "example BHZ": ("BH", 20.0, example("BHZ")),
    "stages HH": ("HH", 100.0, many_stages(100.0)),
    "stages HN": ("HN", 200.0, many_stages(200.0, "M/S**2", 1e-4)),
    "stages BH": ("BH", 20.0, many_stages(20.0)),
}


def by_obspy(
    samples: NDArray[np.int32],
    rate_hz: float,
    response: Response,
    corners_hz: NDArray[np.float64],
    zero_phase: bool,
) -> NDArray[np.float64]:
    trace = obspy.Trace(samples.astype(np.float64), {"sampling_rate": rate_hz, "response": response})
    trace.detrend("demean").detrend("linear").taper(0.05, "cosine")
    nyquist_hz = rate_hz / 2
    flanks_hz = (0.05, 0.1, 0.8 * nyquist_hz, 0.9 * nyquist_hz)
    trace.remove_response(
        output="VEL", pre_filt=flanks_hz, water_level=60, zero_mean=False, taper=False,
        hide_sensitivity_mismatch_warning=True,
    )  # fmt: skip
    low, high = corners_hz
    trace.filter("bandpass", freqmin=low, freqmax=high, corners=4, zerophase=zero_phase)
    return np.asarray(trace.data)


def error_in_band(
    result: NDArray[np.float64],
    expected: NDArray[np.float64],
    rate_hz: float,
    corners_hz: NDArray[np.float64],
) -> float:
    """Return the relative error of the spectrum between the corners."""
    frequency_hz = np.fft.rfftfreq(len(expected), 1 / rate_hz)
    passed = (frequency_hz >= corners_hz[0]) & (frequency_hz <= corners_hz[1])
    ours, theirs = np.fft.rfft(result)[passed], np.fft.rfft(expected)[passed]
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


@pytest.mark.parametrize(("dtype", "bound"), [("float32", F32_BOUND), ("float64", F64_BOUND)])
@pytest.mark.parametrize("zero_phase", [False, True], ids=["causal", "zero_phase"])
@pytest.mark.parametrize("case", CASES)
def test_velocity_equals_obspy(case: str, zero_phase: bool, dtype: str, bound: float) -> None:
    family, rate_hz, response = CASES[case]
    record = counts(1, rate_hz, seed=7)
    settings = option(
        "marmara", units="velocity", sampling_rate_hz=rate_hz, zero_phase=zero_phase, dtype=dtype
    )
    preprocess = Preprocess(settings, instruments((response, rate_hz)))
    rows = preprocess.bands([family] * 5, [0.5, 1.5, 2.5, 3.5, 4.5])
    result = preprocess(
        torch.from_numpy(record).expand(5, -1, -1), rate_hz, rows, torch.zeros(5, 3, dtype=torch.int64)
    )
    corners_hz, _, _ = preprocess.table.clipped_hz(0.8 * rate_hz / 2)
    for place, row in enumerate(rows.tolist()):
        expected = by_obspy(record[0, 0], rate_hz, response, corners_hz[row], zero_phase)
        own = result[place, 0].double().numpy()
        assert error_in_band(own, expected, rate_hz, corners_hz[row]) < bound, row
        assert np.linalg.norm(own - expected) < 2 * bound * np.linalg.norm(expected), row


@pytest.mark.skipif("SEISMIC_REAL_DATA" not in os.environ, reason="SEISMIC_REAL_DATA names no folder")
def test_velocity_of_real_records_equals_obspy() -> None:
    """The response is invented; the noise that removal raises is not."""
    files = sorted((Path(os.environ["SEISMIC_REAL_DATA"]) / "records" / "waveforms").glob("*/*.mseed"))
    checked = set()
    for path in files[::24]:
        trace = obspy.read(path, format="MSEED")[0]
        rate_hz, family = trace.stats.sampling_rate, trace.stats.channel[:2]
        if trace.data.dtype != np.int32 or np.ma.isMaskedArray(trace.data) or np.ptp(trace.data) == 0:
            continue
        unit, corner_hz = (
            ("M/S**2", 1e-4) if family[1] == "N" else ("M/S", 1.0 if family == "EH" else 1 / 120)
        )
        response = many_stages(rate_hz, unit, corner_hz)
        settings = option("marmara", units="velocity", sampling_rate_hz=rate_hz)
        preprocess = Preprocess(settings, instruments((response, rate_hz)))
        band, zero = preprocess.bands([family], [1.5]), torch.zeros(1, 1, dtype=torch.int64)
        corners_hz = preprocess.table.clipped_hz(0.8 * rate_hz / 2)[0][int(band)]
        result = preprocess(torch.from_numpy(trace.data)[None, None], rate_hz, band, zero)
        expected = by_obspy(trace.data, rate_hz, response, corners_hz, False)
        own = result[0, 0].double().numpy()
        assert error_in_band(own, expected, rate_hz, corners_hz) < F32_BOUND, path.name
        checked.add(rate_hz)
    assert len(checked) >= 2


def test_the_stages_matter() -> None:
    """Poles, zeros and sensitivity alone miss what the filters do, by far more than the tolerance."""
    response = many_stages(100.0)
    whole = instruments((response, 100.0))
    alone = response.get_evalresp_response_for_frequencies(
        whole.frequency_hz[0], output="VEL", end_stage=1, hide_sensitivity_mismatch_warning=True
    )
    ratio = whole.counts_per_mps[0] / (alone * 2.0 * 4e5)
    passed = (whole.frequency_hz[0] > 1.0) & (whole.frequency_hz[0] < 20.0)
    assert np.abs(ratio[passed] - 1).max() > 0.1


@pytest.mark.parametrize("rate_hz", [50.0, 200.0])
def test_records_of_other_rates_are_resampled_after_removal(rate_hz: float) -> None:
    response, record = many_stages(rate_hz), torch.from_numpy(counts(1, rate_hz, 40.0))
    own = instruments((response, rate_hz))
    place = torch.zeros(1, 3, dtype=torch.int64)

    def removed(target_hz: float) -> torch.Tensor:
        settings = option("fixed_band", units="velocity", dtype="float64", sampling_rate_hz=target_hz)
        preprocess = Preprocess(settings, own)
        result: torch.Tensor = preprocess(record, rate_hz, torch.zeros(1, dtype=torch.int64), place)
        return result

    at_100_hz, native = removed(100.0), removed(rate_hz)
    ours, theirs = (at_100_hz[..., ::2], native) if rate_hz < 100 else (at_100_hz, native[..., ::2])
    scale = theirs.abs().max()
    torch.testing.assert_close(ours / scale, theirs / scale, rtol=0, atol=1e-3 if rate_hz > 100 else 1e-9)


@pytest.mark.parametrize("units", ["sensitivity", "velocity"])
@pytest.mark.parametrize("n_components", [1, 3])
def test_mixed_rates_and_instruments_equal_each_record_alone(units: str, n_components: int) -> None:
    rates_hz = [100.0, 20.0, 100.0, 50.0]
    own = instruments(*((many_stages(rate_hz), rate_hz) for rate_hz in (100.0, 20.0, 50.0)))
    own = Instruments(
        np.array([1e9, 2e9, 3e9]), own.frequency_hz, own.counts_per_mps * np.array([[1.0], [2.0], [3.0]])
    )
    instrument = torch.tensor([0, 1, 0, 2])[:, None].expand(-1, n_components)
    records = [
        torch.from_numpy(counts(1, rate, 40.0, seed=i))[:, :n_components] for i, rate in enumerate(rates_hz)
    ]
    groups = [
        (20.0, torch.tensor([1]), records[1]),
        (50.0, torch.tensor([3]), records[3]),
        (100.0, torch.tensor([0, 2]), torch.cat([records[0], records[2]])),
    ]
    front = SpectrogramFront(option("marmara", units=units), StftSettings(), None, own)
    band = torch.tensor([1, 6, 2, 3])
    batch = front.waveform(groups, band, instrument)
    for index, (rate_hz, record) in enumerate(zip(rates_hz, records, strict=True)):
        place = slice(index, index + 1)
        alone = front.preprocess(record, rate_hz, band[place], instrument[place])
        assert torch.equal(batch[index], alone[0]), index


def test_sensitivity_divides_counts() -> None:
    record, band = torch.from_numpy(counts(2, 100.0)), torch.tensor([1, 2])
    sensitivity = np.array([1e9, -2e9, 3e8])
    own = Instruments(sensitivity, np.empty((0, 2)), np.empty((0, 2), dtype=np.complex128))
    instrument = torch.tensor([[0, 1, 2], [2, 0, 1]])
    result = Preprocess(option("marmara", units="sensitivity"), own)(record, 100.0, band, instrument)
    expected = Preprocess(option("marmara"))(record, 100.0, band)
    expected = expected.double() / torch.from_numpy(sensitivity)[instrument].unsqueeze(-1)
    torch.testing.assert_close(result.double(), expected, rtol=1e-6, atol=0)


def test_raw_samples_keep_their_offset_under_a_sensitivity() -> None:
    record = torch.full((1, 3, 1001), 5000, dtype=torch.int32)
    own = Instruments(np.array([1e3]), np.empty((0, 2)), np.empty((0, 2), dtype=np.complex128))
    zero = torch.zeros(1, dtype=torch.int64)
    result = Preprocess(option("none", units="sensitivity"), own)(record, 100.0, zero, zero.expand(1, 3))
    assert torch.equal(result, torch.full((1, 3, 1001), 5.0))


def test_removal_works_without_a_band_table() -> None:
    response, record = simulated("HH", 9e8), counts(1, 100.0)
    preprocess = Preprocess(option("none", units="velocity", dtype="float64"), instruments((response, 100.0)))
    zero = torch.zeros(1, dtype=torch.int64)
    result = preprocess(torch.from_numpy(record), 100.0, zero, zero.expand(1, 3))[0, 0].numpy()
    trace = obspy.Trace(record[0, 0].astype(np.float64), {"sampling_rate": 100.0, "response": response})
    trace.remove_response(
        output="VEL", pre_filt=(0.05, 0.1, 40, 45), water_level=60, zero_mean=False, taper=False
    )
    assert np.linalg.norm(result - trace.data) < 1e-6 * np.linalg.norm(trace.data)
    assert preprocess.passbands_hz(100.0).tolist() == [[0.1, 40.0]]


def test_a_response_of_another_rate_gives_no_number() -> None:
    own = instruments((simulated("BH", 9e8), 50.0), (simulated("HH", 9e8), 100.0))
    preprocess = Preprocess(option("marmara", units="velocity"), own)
    place = torch.tensor([[1, 0, 1]])
    result = preprocess(torch.from_numpy(counts(1, 100.0)), 100.0, torch.tensor([1]), place)
    assert result.isnan().all(-1).tolist() == [[False, True, False]]


def test_the_transform_has_obspys_length_in_double_precision() -> None:
    for n_samples in range(100, 30_000, 97):
        assert transform_length(n_samples, torch.float64) == _npts2nfft(n_samples)


@pytest.mark.parametrize("units", ["sensitivity", "velocity"])
def test_ground_motion_needs_its_instruments(units: str) -> None:
    record, zero = torch.from_numpy(counts(1, 100.0)), torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ConfigurationError, match=f"units={units}.*units=counts"):
        Preprocess(option("marmara", units=units))(record, 100.0, zero)


def test_unknown_units_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="counts or sensitivity or velocity, got 'acceleration'"):
        Preprocess(option("marmara", units="acceleration"))
