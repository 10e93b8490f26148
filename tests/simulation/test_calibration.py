"""Simulated records behave like real ones: the whole table, and the checks it is made of."""

import numpy as np
import pytest
from obspy import Trace

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.brune import fitted_corner_hz
from seismic_lightning.records.levels import LEVEL_WINDOWS_S
from seismic_lightning.records.local_magnitude import minus_log_a0, wood_anderson_mm
from seismic_lightning.simulation.calibration import MIN_RECORDS, calibrate, table_text
from seismic_lightning.simulation.comparison import Row, between, shown, within
from seismic_lightning.simulation.measures import onset_s
from seismic_lightning.simulation.real_figures import SNR_CDF
from seismic_lightning.simulation.settings import SimulationSettings


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return calibrate(SimulationSettings(n_records=MIN_RECORDS), n_workers=2)


def test_every_tolerance_is_kept(rows: list[Row]) -> None:
    assert [row for row in rows if not row.kept] == []


def test_nothing_that_was_promised_is_left_out(rows: list[Row]) -> None:
    held = [row.quantity for row in rows if row.tolerance]
    for part, count in (
        ("SNR below", len(SNR_CDF)),
        ("accepted, share", 2),
        ("magnitude, ", 2),
        ("ln distance, ", 2),
        ("depth, km, ", 2),
        ("noise above", 2),
        ("level", len(LEVEL_WINDOWS_S)),
        ("HH among", 1),
        ("records per event", 1),
        ("picks per event", 4),
        ("readings with S", 1),
        ("readings, P minus model", 1),
        ("readings, S minus model", 1),
        ("readings, S - P minus model", 2),
        ("waveforms, S - P minus model", 1),
        ("ML minus true", 6),
        ("ML over true", 2),
        ("corner frequency", 4),
        ("polarisation", 2),
    ):
        assert sum(part in quantity for quantity in held) == count, part


def test_a_missed_tolerance_is_shown() -> None:
    row = within("anything", 1.0, 1.5, 0.4)
    assert (row.kept, row.verdict) == (False, "MISSED")
    assert not within("anything", 1.0, float("nan"), 0.4).kept
    assert between("anything", None, 0.5, (0.0, 1.0)).verdict == "kept"
    assert not between("anything", None, float("nan"), (0.0, 1.0)).kept
    assert shown("anything", 1.0, 9.0).verdict == ""


def test_the_report_has_a_line_per_quantity_and_warns_of_few_records() -> None:
    seen: list[tuple[int, int]] = []
    settings = SimulationSettings(n_records=80, max_magnitude=6.0)
    rows = calibrate(settings, n_workers=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(64, 80), (80, 80)]
    np.testing.assert_array_equal(
        [row.simulated for row in rows], [row.simulated for row in calibrate(settings)]
    )
    lines = table_text(rows, 80).splitlines()
    assert "at least 4000" in lines[0]
    assert sum(line.startswith("SNR below") for line in lines) == len(SNR_CDF)


def test_what_too_few_weak_events_leave_unknown_is_missed() -> None:
    rows = calibrate(SimulationSettings(n_records=16, max_magnitude=1.5))
    unknown = [row for row in rows if np.isnan(row.simulated)]
    assert any("ML minus true" in row.quantity for row in unknown)
    assert not any(row.kept for row in unknown if row.tolerance)


def test_other_families_are_not_compared() -> None:
    with pytest.raises(ConfigurationError, match="bh_rate_hz=50"):
        calibrate(SimulationSettings(bh_rate_hz=50.0))


def test_the_wood_anderson_seismograph_is_obspys() -> None:
    rate_hz = 100.0
    samples = np.zeros(8000)
    samples[3000:5000] = np.hanning(2000) * np.sin(np.linspace(0, 60 * np.pi, 2000))
    trace = Trace(samples.copy(), {"sampling_rate": rate_hz})
    poles = [-5.49779 + 5.60886j, -5.49779 - 5.60886j]
    trace.simulate(
        paz_simulate={"poles": poles, "zeros": [0j], "gain": 1.0, "sensitivity": 2080.0}, taper=False
    )
    ours = wood_anderson_mm(samples, rate_hz)
    # ObsPy pads before its transform, hence the ends may differ.
    np.testing.assert_allclose(ours[3000:5000], 1e3 * trace.data[3000:5000], atol=5e-3 * np.abs(ours).max())


def test_the_distance_correction_is_koeris() -> None:
    distance_km = np.array([25.0, 55.0, 95.0, 145.0])
    # Medians of the bulletin, whose amplitudes scatter by 0.15.
    np.testing.assert_allclose(minus_log_a0(distance_km), [1.82, 2.68, 2.95, 3.08], atol=0.3)


@pytest.mark.parametrize("onset", [7.0, 21.5])
def test_the_onset_of_louder_noise_is_found(onset: float) -> None:
    samples = np.random.default_rng(0).normal(size=4000)
    samples[round(100 * onset) :] *= 3.0
    samples[round(100 * onset + 300) : round(100 * onset + 400)] *= 2.0  # its maximum comes later
    assert onset_s(samples**2, 100.0, 1.0) == pytest.approx(onset, abs=0.05)


@pytest.mark.parametrize("corner_hz", [0.8, 3.0, 15.0])
def test_the_corner_of_a_bare_source_is_found(corner_hz: float) -> None:
    frequency_hz = np.linspace(0.4, 40.0, 300)
    spectrum = 7.0 * frequency_hz / (1 + (frequency_hz / corner_hz) ** 2)
    spectrum[::7] = np.nan
    assert fitted_corner_hz(frequency_hz, spectrum) == pytest.approx(corner_hz, rel=0.02)
