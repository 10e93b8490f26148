"""Residuals by bin, and their parts between and within events: made data with known answers."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bins import Bins, residuals_by_bin
from seismic_lightning.evaluation.residuals import log_ratio_dex, mixed_effects, trend

BINS = Bins((1.0, 2.0, 3.0), (0.0, 50.0, 100.0))


def made(
    tau: float, phi: float, n_events: int = 400, n_stations: int = 10
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Return residuals of bias 0.2 with known deviations, and their events."""
    rng = np.random.default_rng(0)
    event = np.repeat(np.arange(n_events), n_stations)
    return 0.2 + rng.normal(0, tau, n_events)[event] + rng.normal(0, phi, len(event)), event


@pytest.mark.parametrize(("tau", "phi"), [(0.3, 0.2), (0.1, 0.3), (0.02, 0.03)])
def test_known_deviations_are_found(tau: float, phi: float) -> None:
    fit = mixed_effects(*made(tau, phi))
    of_a_mean = np.hypot(tau, phi / np.sqrt(10))
    # three standard errors of 400 events with ten records each
    assert fit.coefficients[0] == pytest.approx(0.2, abs=3 * of_a_mean / 20)
    assert fit.tau == pytest.approx(tau, abs=3 * of_a_mean**2 / tau / np.sqrt(800))
    assert fit.phi == pytest.approx(phi, abs=3 * phi / np.sqrt(7200))
    assert fit.sigma == pytest.approx(np.hypot(fit.tau, fit.phi))
    assert (fit.n_records, fit.n_events) == (4000, 400)


def test_balanced_events_agree_with_the_analysis_of_variance() -> None:
    values, event = made(0.3, 0.5, n_events=60, n_stations=5)
    table = values.reshape(60, 5)
    within = table.var(axis=1, ddof=1).mean()
    between = table.mean(axis=1).var(ddof=1) - within / 5
    fit = mixed_effects(values, event)
    assert fit.phi == pytest.approx(np.sqrt(within), rel=1e-6)
    assert fit.tau == pytest.approx(np.sqrt(between), rel=1e-6)


@pytest.mark.parametrize("tau", [0.05, 0.2, 1.0])
def test_uneven_events_with_a_trend_agree_with_statsmodels(tau: float) -> None:
    values, event = made(tau, 0.3, n_events=40)
    rng = np.random.default_rng(1)
    kept = rng.random(len(event)) < 0.5
    values, event = values[kept], event[kept]
    magnitude, distance_km = rng.uniform(1, 4, 40)[event], rng.uniform(10, 120, len(event))
    values += 0.8 * magnitude - 1.5 * np.log10(distance_km)
    fixed = trend(magnitude, distance_km)
    fit = mixed_effects(values, event, fixed)
    with warnings.catch_warnings():
        from statsmodels.regression.mixed_linear_model import MixedLM

        warnings.simplefilter("ignore")  # here: its import sets filters; tau near zero makes it warn

        expected = MixedLM(values, fixed, groups=event).fit(reml=True, method="powell")
    assert expected.converged
    assert fit.phi == pytest.approx(np.sqrt(expected.scale), rel=1e-3)
    assert fit.tau == pytest.approx(np.sqrt(expected.cov_re[0, 0]), rel=1e-2)
    np.testing.assert_allclose(fit.coefficients[:3], expected.fe_params[:3], rtol=1e-2)


def test_events_without_deviations_of_their_own_have_no_tau() -> None:
    values, event = made(0.0, 0.5, n_events=100)
    values -= values.reshape(100, 10).mean(axis=1).repeat(10)
    assert mixed_effects(values, event).tau == 0.0


def test_the_unit_of_values_does_not_matter() -> None:
    values, event = made(0.2, 0.3, n_events=80)
    fit, small = mixed_effects(values, event), mixed_effects(1e-9 * values, event)
    np.testing.assert_allclose([1e9 * small.tau, 1e9 * small.phi], [fit.tau, fit.phi], rtol=1e-6)


def test_bias_and_scatter_are_told_by_bin() -> None:
    magnitude = np.array([1.5, 1.5, 1.5, 2.0, 2.9, 3.0, 0.9])
    distance_km = np.array([10.0, 20.0, 49.9, 50.0, 60.0, 10.0, 10.0])
    residual = np.array([0.1, 0.2, 0.3, 1.0, 2.0, 9.0, 9.0])
    table = residuals_by_bin(residual, BINS.place(magnitude, distance_km), BINS).set_index("bin")
    assert table["n_records"].to_dict() == {
        "M1-2 0-50km": 3,
        "M1-2 50-100km": 0,
        "M2-3 0-50km": 0,
        "M2-3 50-100km": 2,
        "outside": 2,
    }
    assert table.loc["M1-2 0-50km", "bias"] == pytest.approx(0.2)
    assert table.loc["M1-2 0-50km", "sd"] == pytest.approx(0.1)
    assert table.loc["M2-3 0-50km", ["bias", "sd"]].isna().all()
    equal = residuals_by_bin(log_ratio_dex(residual, residual), BINS.place(magnitude, distance_km), BINS)
    assert (equal["bias"].dropna() == 0).all()


def test_what_has_no_residual_is_refused_by_name() -> None:
    values, event = made(0.1, 0.1, n_events=4)
    with pytest.raises(EvaluationError, match="one of them with two records; got 4 records of 4 events"):
        mixed_effects(values[:4], np.arange(4))
    with pytest.raises(EvaluationError, match="got 10 records of 1 events"):
        mixed_effects(values[:10], event[:10])
    with pytest.raises(EvaluationError, match="these follow the fixed part"):
        mixed_effects(np.ones(40), event)
    with pytest.raises(EvaluationError, match="the 2 columns of the fixed part depend on each other"):
        mixed_effects(values, event, np.ones((40, 2)))
    with pytest.raises(EvaluationError, match=r"values: 1 of 40 values are NaN .* record 5"):
        mixed_effects(np.where(np.arange(40) == 5, np.nan, values), event)
    with pytest.raises(EvaluationError, match="record 2 has no event identifier"):
        mixed_effects(values[:4], np.array(["a", "a", None, "b"], dtype=object))
    with pytest.raises(EvaluationError, match="measures of the reference: record 1 has 0, which has no log"):
        log_ratio_dex([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(EvaluationError, match="none of 2 records lies within magnitudes"):
        residuals_by_bin([0.1, 0.2], BINS.place([7.0, 1.5], [10.0, 300.0]), BINS)
    with pytest.raises(EvaluationError, match="magnitude: 1 of 2 values are NaN"):
        BINS.place([1.0, np.nan], [10.0, 10.0])
    with pytest.raises(EvaluationError, match="hypocentral distance: record 1 has 0 km"):
        trend([1.0, 1.0], [5.0, 0.0])
    with pytest.raises(EvaluationError, match="bins of distance: two or more rising edges"):
        Bins((1.0, 2.0), (50.0, 10.0))
