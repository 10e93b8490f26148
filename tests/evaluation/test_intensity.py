"""Ground motion and intensity measures, against eqsig, SciPy's linear systems and closed forms."""

import eqsig
import numpy as np
import pytest
from eqsig.im import calc_arias_intensity, calc_sig_dur_vals
from eqsig.sdof import pseudo_response_spectra
from numpy.typing import NDArray
from scipy import signal

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation import intensity as measures
from seismic_lightning.evaluation.motion import derivative, ground_motion, integral, without_sensitivity

RATE_HZ = 100.0
TIME_S = np.arange(3001) / RATE_HZ


def motion(n_records: int = 3, seed: int = 0) -> NDArray[np.float64]:
    """Return band-limited packets of noise in m/s², tapered at the ends."""
    rng = np.random.default_rng(seed)
    sos = signal.butter(4, (1.0, 20.0), "bandpass", fs=RATE_HZ, output="sos")
    envelope = np.exp(-np.abs(TIME_S - 10.0) / 4.0) * signal.windows.tukey(len(TIME_S), 0.1)
    packets: NDArray[np.float64] = (
        signal.sosfilt(sos, rng.normal(size=(n_records, 3, len(TIME_S)))) * envelope
    )
    return packets


def test_response_spectra_are_those_of_eqsig() -> None:
    acceleration = motion() + 0.1  # an offset, so that the first sample counts
    result = measures.pseudo_acceleration_mps2(acceleration, RATE_HZ)
    for record, row in zip(acceleration.reshape(-1, len(TIME_S)), result.reshape(-1, 3), strict=True):
        expected = pseudo_response_spectra(record, 1 / RATE_HZ, np.array(measures.PERIODS_S), 0.05)[2]
        np.testing.assert_allclose(row, expected, rtol=1e-7)  # eqsig has eight digits of pi


@pytest.mark.parametrize("period_s", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("damping", [0.0, 0.2])
def test_response_spectra_are_those_of_an_exact_simulation(period_s: float, damping: float) -> None:
    acceleration = motion(1)[0, 0]
    omega = 2 * np.pi / period_s
    _, displacement, _ = signal.lsim(([-1.0], [1.0, 2 * damping * omega, omega**2]), acceleration, TIME_S)
    result = measures.pseudo_acceleration_mps2(acceleration, RATE_HZ, (period_s,), damping)
    assert result[0] == pytest.approx(omega**2 * np.abs(displacement).max(), rel=1e-7)


def test_a_stiff_oscillator_feels_the_ground_and_a_soft_one_its_displacement() -> None:
    acceleration = np.sin(2 * np.pi * 1.0 * TIME_S) * np.clip(TIME_S / 10.0, 0.0, 1.0)
    stiff, soft = measures.pseudo_acceleration_mps2(acceleration, RATE_HZ, (0.02, 40.0))
    assert stiff == pytest.approx(1.0, rel=1e-3)
    assert soft < 0.01


def test_arias_intensity_and_duration_are_those_of_eqsig() -> None:
    acceleration = motion()
    arias = measures.arias_mps(acceleration, RATE_HZ)
    duration_s = measures.significant_duration_s(acceleration, RATE_HZ)
    for record, energy, length_s in zip(
        acceleration.reshape(-1, 3001), arias.flat, duration_s.flat, strict=True
    ):
        single = eqsig.AccSignal(record, 1 / RATE_HZ)
        # eqsig takes g for 9.81
        assert energy == pytest.approx(calc_arias_intensity(single)[-1] * 9.81 / 9.80665, rel=1e-6)
        # eqsig counts the samples strictly within, so it may lose one at each end and half for its sum
        assert length_s == pytest.approx(calc_sig_dur_vals(record, 1 / RATE_HZ), abs=2.5 / RATE_HZ)


def test_a_steady_sine_takes_nine_tenths_of_its_length() -> None:
    sine = np.sin(2 * np.pi * 5.0 * TIME_S)
    assert measures.significant_duration_s(sine, RATE_HZ) == pytest.approx(27.0, abs=0.1)
    assert measures.arias_mps(sine, RATE_HZ) == pytest.approx(np.pi / (2 * 9.80665) * 15.0, rel=1e-6)


@pytest.mark.parametrize("n_samples", [3000, 3001])
@pytest.mark.parametrize("frequency_hz", [1.0, 20.0, 45.0])
def test_the_derivative_is_exact_to_high_frequencies(n_samples: int, frequency_hz: float) -> None:
    time_s = np.arange(n_samples) / RATE_HZ
    envelope = np.exp(-(((time_s - 15.0) / 2.0) ** 2))
    phase = 2 * np.pi * frequency_hz * time_s
    expected = envelope * (2 * np.pi * frequency_hz * np.cos(phase) - (time_s - 15.0) / 2.0 * np.sin(phase))
    result = derivative(envelope * np.sin(phase), RATE_HZ)
    np.testing.assert_allclose(result, expected, atol=1e-9 * np.abs(expected).max())


def test_a_drift_has_a_constant_derivative_and_integrals_are_undone() -> None:
    np.testing.assert_allclose(derivative(3.0 * TIME_S + 2.0, RATE_HZ), 3.0)
    velocity = motion()
    velocity -= velocity.mean(axis=-1, keepdims=True)
    back = integral(derivative(velocity, RATE_HZ), RATE_HZ)
    np.testing.assert_allclose(back[..., 50:-50], velocity[..., 50:-50], atol=2e-4 * np.abs(velocity).max())


def test_counts_velocity_and_acceleration_tell_the_same() -> None:
    velocity = 1e-4 * integral(motion(), RATE_HZ)
    sensitivity = np.array([[1e9, 9e8, 8e8], [5e8, 6e8, 7e8], [1e9, 1e9, 1e9]])
    counts = velocity * sensitivity[..., None]
    from_counts = ground_motion(without_sensitivity(counts, sensitivity), "mps", RATE_HZ)
    from_velocity = ground_motion(velocity, "mps", RATE_HZ)
    expected = measures.intensity(from_velocity)
    from_acceleration = ground_motion(from_velocity.acceleration_mps2, "mps2", RATE_HZ)
    for other in (from_counts, from_acceleration):
        for part, wanted in zip(measures.intensity(other), expected, strict=True):
            np.testing.assert_allclose(part, wanted, rtol=1e-3)


def test_measures_grow_with_amplitude_as_they_must() -> None:
    once = measures.intensity(ground_motion(motion(), "mps2", RATE_HZ))
    twice = measures.intensity(ground_motion(2.0 * motion(), "mps2", RATE_HZ))
    factors = (2.0, 2.0, 2.0, 4.0, 1.0)
    for small, large, factor in zip(once, twice, factors, strict=True):
        np.testing.assert_allclose(large, factor * small)


def test_a_batch_is_its_records_one_by_one() -> None:
    records = motion(4)
    batch = measures.intensity(ground_motion(records, "mps", RATE_HZ))
    for place, record in enumerate(records):
        single = measures.intensity(ground_motion(record[None], "mps", RATE_HZ))
        for part, wanted in zip(batch, single, strict=True):
            np.testing.assert_allclose(part[place], wanted[0], rtol=1e-12)


def test_what_cannot_be_measured_is_refused_by_name() -> None:
    silent, broken = motion(), motion()
    silent[2, 1] = 0.0
    broken[1, 0, 7] = np.inf
    with pytest.raises(EvaluationError, match="component 1 of record 2 is silent"):
        measures.intensity(ground_motion(silent, "mps2", RATE_HZ))
    with pytest.raises(EvaluationError, match=r"waveforms: 1 of .* the first in record 1"):
        ground_motion(broken, "mps", RATE_HZ)
    with pytest.raises(EvaluationError, match="quantity=counts"):
        ground_motion(motion(), "counts", RATE_HZ)  # type: ignore[arg-type] # what a user may write
    with pytest.raises(EvaluationError, match="component 2 of record 0 has nan"):
        without_sensitivity(motion(1), [[1.0, 1.0, np.nan]])
    with pytest.raises(EvaluationError, match=r"need \(3, 3\), got \(3,\)"):
        without_sensitivity(motion(), np.ones(3))
    with pytest.raises(EvaluationError, match="period > 0"):
        measures.pseudo_acceleration_mps2(motion(), RATE_HZ, (0.0,))
