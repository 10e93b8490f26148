"""Magnitudes that records were made with are read back, on the scale that an observatory uses."""

import numpy as np
import pytest
from obspy import Trace
from support.truth import RATE_HZ, KnownRecords, given, joined

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.magnitude import HORIZONTAL_OVER_VERTICAL, closure, local_magnitude
from seismic_lightning.records.local_magnitude import MICROSEISM_HZ, minus_log_a0

MAGNITUDES, NORTH_DEG = (2.5, 3.0, 3.5, 4.0, 4.5), 0.5


@pytest.fixture(scope="module")
def known() -> KnownRecords:
    return joined([given(magnitude, NORTH_DEG, 16) for magnitude in MAGNITUDES])


def read(known: KnownRecords) -> np.ndarray:
    return local_magnitude(known.velocity_m_s, RATE_HZ, p_s=known.p_s, distance_km=known.distance_km)


def test_the_simulators_magnitudes_close(known: KnownRecords) -> None:
    result = closure(read(known), known.magnitude)
    assert result.slope.value == pytest.approx(1.0, abs=0.1)
    assert result.slope.low < 1.0 < result.slope.high
    assert abs(result.bias.value) < 0.4
    assert 0.1 < result.sigma.value < 0.4  # what scatters from record to record at one station
    assert result.slope.n_records == len(known.magnitude)


def test_the_vertical_alone_closes_too(known: KnownRecords) -> None:
    vertical = local_magnitude(
        known.velocity_m_s[:, :1], RATE_HZ, p_s=known.p_s, distance_km=known.distance_km
    )
    assert closure(vertical, known.magnitude).slope.value == pytest.approx(1.0, abs=0.1)
    assert np.median(vertical - read(known)) == pytest.approx(0.0, abs=0.15)
    horizontal = known.velocity_m_s[:, 2:]
    alone = local_magnitude(horizontal, RATE_HZ, p_s=known.p_s, distance_km=known.distance_km)
    both = local_magnitude(
        np.repeat(horizontal, 3, axis=1), RATE_HZ, p_s=known.p_s, distance_km=known.distance_km
    )
    np.testing.assert_allclose(alone - both, np.log10(HORIZONTAL_OVER_VERTICAL))


def test_amplitudes_are_obspys(known: KnownRecords) -> None:
    """ObsPy pads before its transform and starts its filter at rest, hence a hundredth."""
    row = -1
    paz = {
        "poles": [-5.49779 + 5.60886j, -5.49779 - 5.60886j],
        "zeros": [0j],
        "gain": 1.0,
        "sensitivity": 2080.0,
    }
    amplitudes_mm = []
    for samples in known.velocity_m_s[row, 1:]:
        trace = Trace(samples.copy(), {"sampling_rate": RATE_HZ}).detrend("demean").taper(0.05, "cosine")
        trace.simulate(paz_simulate=paz, taper=False)
        trace.filter("highpass", freq=MICROSEISM_HZ, corners=4)
        amplitudes_mm.append(1e3 * np.abs(trace.data[round((known.p_s[row] - 0.5) * RATE_HZ) :]).max())
    theirs = np.log10(np.mean(amplitudes_mm)) + minus_log_a0(known.distance_km[row:])
    np.testing.assert_allclose(read(known)[row:], theirs, atol=0.005)


def test_ten_times_the_motion_is_one_magnitude_more(known: KnownRecords) -> None:
    louder = known._replace(velocity_m_s=10.0 * known.velocity_m_s)
    np.testing.assert_allclose(read(louder) - read(known), 1.0)


def test_the_line_that_went_in_comes_out() -> None:
    rng = np.random.default_rng(0)
    requested = rng.uniform(2.5, 5.0, 800)
    recovered = 0.2 + 1.1 * requested + rng.normal(0.0, 0.3, 800)
    result = closure(recovered, requested)
    assert result.slope.value == pytest.approx(1.1, abs=0.05)
    assert result.bias.value == pytest.approx(0.2 + 0.1 * requested.mean(), abs=0.04)
    for figure in result:
        assert figure.low < figure.value < figure.high


def test_records_of_one_event_do_not_count_as_many() -> None:
    rng = np.random.default_rng(1)
    of_event = np.repeat(np.arange(30), 12)
    requested = rng.uniform(2.5, 5.0, 30)[of_event]
    recovered = requested + rng.normal(0.0, 0.3, 30)[of_event] + rng.normal(0.0, 0.05, of_event.size)
    together = closure(recovered, requested, event=of_event).bias
    apart = closure(recovered, requested).bias
    assert together.high - together.low > 2.0 * (apart.high - apart.low)
    assert (together.n_events, apart.n_events) == (30, 360)


def test_weak_events_are_left_out_and_the_rest_counted() -> None:
    requested = np.array([1.0, 2.0, 3.0, 4.0])
    assert closure(requested, requested).slope.n_records == 2
    assert closure(requested, requested, min_magnitude=0.0).slope.n_records == 4


def test_silence_has_no_magnitude() -> None:
    assert np.isnan(local_magnitude(np.zeros((1, 3, 7000)), RATE_HZ, p_s=10.0, distance_km=50.0)).all()


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(EvaluationError, match="1 or 3 components are asked for"):
        local_magnitude(np.zeros((4, 2, 100)), RATE_HZ, p_s=0.5, distance_km=50.0)
    with pytest.raises(EvaluationError, match="distance_km: 4 records need one or as many"):
        local_magnitude(np.zeros((4, 3, 100)), RATE_HZ, p_s=0.5, distance_km=[50.0, 60.0])
    with pytest.raises(EvaluationError, match=r"1 of 3 are 2\.5 or above"):
        closure([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    with pytest.raises(EvaluationError, match="recovered magnitudes: 1 of 3 values are NaN"):
        closure([np.nan, 3.0, 4.0], [2.5, 3.0, 4.0])
    with pytest.raises(EvaluationError, match="events: 3 records"):
        closure([3.0, 3.5, 4.0], [3.0, 3.5, 4.0], event=[1, 2])
