"""P and S are found where they were put, as often as in real records, and where analysts read them."""

import os
from pathlib import Path

import numpy as np
import pytest
from obspy.signal.trigger import classic_sta_lta
from support.truth import RATE_HZ, given, joined, population

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.onsets import (
    KANDILLI_RATES,
    LONG_S,
    SHORT_S,
    detection_rates,
    p_onset_s,
    s_minus_p_error_s,
    s_onset_s,
    sta_lta,
)
from seismic_lightning.records.quality import snr_legacy
from seismic_lightning.records.travel_time import KOERI

REAL = Path(os.environ.get("SEISMIC_REAL_DATA", "absent"))


def test_the_ratio_is_obspys() -> None:
    samples = np.random.default_rng(0).normal(size=(2, 3, 2000))
    samples[..., 900:] *= 3.0
    ours = sta_lta(samples, RATE_HZ)
    windows = round(SHORT_S * RATE_HZ), round(LONG_S * RATE_HZ)
    for row, component in np.ndindex(2, 3):
        theirs = classic_sta_lta(samples[row, component], *windows)
        np.testing.assert_allclose(ours[row, component, windows[1] :], theirs[windows[1] :], rtol=1e-6)


def test_noise_and_silence_have_no_p() -> None:
    noise = np.random.default_rng(0).normal(size=(40, 1, 3000))
    assert np.isnan(p_onset_s(noise, RATE_HZ)).mean() > 0.9
    assert np.isnan(p_onset_s(np.zeros((2, 3, 3000)), RATE_HZ)).all()
    ringing = np.repeat(np.sin(np.arange(3000) / 3.0)[None, None], 2, axis=0)
    assert np.isnan(p_onset_s(ringing, RATE_HZ)).all()


def test_p_is_found_as_often_as_in_real_records() -> None:
    known = population()
    whole = np.zeros((1, known.velocity_m_s.shape[-1]), dtype=np.bool_)
    pairs = zip(known.velocity_m_s, known.p_s, strict=True)
    snr = np.array([snr_legacy(samples[:1], whole, RATE_HZ, float(p_s))[0] for samples, p_s in pairs])
    error_s = p_onset_s(known.velocity_m_s, RATE_HZ) - known.p_s
    rates = [row.rate for row in detection_rates(error_s, snr, event=known.event)]
    shares = [rate.value for rate in rates if rate is not None]
    np.testing.assert_allclose(shares, KANDILLI_RATES, atol=0.2)
    assert shares == sorted(shares)
    assert sum(rate.n_records for rate in rates if rate is not None) == len(snr)


@pytest.mark.parametrize("north_deg", [0.15, 0.3, 0.6, 0.9])
def test_s_minus_p_is_the_models(north_deg: float) -> None:
    known = given(3.0, north_deg, 12)
    p_s = p_onset_s(known.velocity_m_s, RATE_HZ)
    s_s = s_onset_s(known.velocity_m_s, RATE_HZ, p_s)
    error_s = s_minus_p_error_s(p_s, s_s, known.distance_km, known.depth_km)
    assert abs(np.median(error_s)) < 0.15
    np.testing.assert_allclose(p_s, known.p_s, atol=0.5)
    np.testing.assert_allclose(s_s, known.s_s, atol=0.5)


def test_s_moves_with_distance_and_not_with_strength() -> None:
    parts = [given(3.0, north_deg, 12) for north_deg in (0.15, 0.3, 0.6, 0.9)]
    known = joined(parts)
    found = s_onset_s(known.velocity_m_s, RATE_HZ, known.p_s) - known.p_s
    medians = [np.median(found[start : start + 12]) for start in range(0, len(found), 12)]
    assert medians == sorted(medians)
    np.testing.assert_array_equal(found, s_onset_s(1e6 * known.velocity_m_s, RATE_HZ, known.p_s) - known.p_s)


def test_the_models_own_onsets_have_no_error() -> None:
    arrivals = KOERI.arrivals([20.0, 60.0], 8.0)
    np.testing.assert_allclose(s_minus_p_error_s(arrivals.p_s, arrivals.s_s + 0.3, [20.0, 60.0], 8.0), 0.3)
    assert np.isnan(s_minus_p_error_s([np.nan], [20.0], [20.0], [8.0])).all()


def test_a_missed_p_counts_as_missed() -> None:
    rows = detection_rates([0.1, np.nan, 0.6, -0.4], [1.0, 1.2, 20.0, 20.0])
    assert [row.rate if row.rate is None else row.rate.value for row in rows] == [0.5, None, None, 0.5]
    assert rows[0].rate is not None
    assert rows[0].rate.n_records == 2


def test_no_s_where_p_is_unknown_or_the_end() -> None:
    samples = np.random.default_rng(0).normal(size=(2, 3, 2000))
    assert np.isnan(s_onset_s(samples, RATE_HZ, [np.nan, 19.9])).all()


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(EvaluationError, match="needs 4 s, got 1 s"):
        sta_lta(np.zeros(100), RATE_HZ)
    with pytest.raises(EvaluationError, match="samples: 3 components are asked for"):
        s_onset_s(np.zeros((2, 1, 2000)), RATE_HZ, 10.0)
    with pytest.raises(EvaluationError, match="error_s: 2 records need one or as many"):
        detection_rates([0.1, 0.2, 0.3], [1.0, 2.0])
    with pytest.raises(EvaluationError, match="snr: 1 of 2 values are NaN"):
        detection_rates([0.1, 0.2], [np.nan, 2.0])


@pytest.mark.skipif(not REAL.is_dir(), reason="SEISMIC_REAL_DATA is not set: no analyst's readings")
def test_analysts_read_p_and_s_where_they_are_found(tmp_path: Path) -> None:
    select = SelectionSettings(min_snr=0.0, families="all", unit="mps")
    settings = CurationSettings("as_is", WindowSettings(10.0, 40.0), select)
    curate(REAL / "records_si", tmp_path / "dataset", settings)
    dataset = open_dataset(tmp_path / "dataset")
    table = dataset.metadata
    rows = np.flatnonzero(table["trace_p_status"] == "manual")
    (group,) = dataset.fetch(rows)
    p_s, s_s = (
        table[f"trace_{phase}_arrival_sample"].to_numpy()[rows] / group.sampling_rate_hz for phase in "ps"
    )
    p_error_s = p_onset_s(group.waveform, group.sampling_rate_hz) - p_s
    rates = detection_rates(p_error_s, table["trace_Z_snr_legacy"].to_numpy()[rows])
    assert [row.rate is not None for row in rates] == [True] * 4
    shares = [row.rate.value for row in rates if row.rate is not None]
    assert shares[0] < 0.5 < 0.9 < min(shares[2:])
    clear = table["trace_Z_snr"].to_numpy()[rows] > 3.0
    s_error_s = s_onset_s(group.waveform, group.sampling_rate_hz, p_s)[clear] - s_s[clear]
    assert np.median(np.abs(s_error_s)) < 0.1
    assert (np.abs(s_error_s) < 0.5).mean() > 0.9
