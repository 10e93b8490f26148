"""The error budget and its guesses, on made records with known answers."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.baselines import mean_for_each, other_records, split_halves
from seismic_lightning.evaluation.bins import Bins
from seismic_lightning.evaluation.budget import (
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    OTHER_ROW,
    PRIOR_ROW,
    REORDERED,
    TABLE_COLUMNS,
    UNDEFINED,
    Answer,
    as_matrix,
    baseline_rows,
    error_budget,
)
from seismic_lightning.evaluation.classifier import Teaching, fit_classifier
from seismic_lightning.evaluation.columns import (
    INTENSITIES,
    DiscriminatorMeasure,
    classifier_measures,
    intensity_measures,
    spectral_measures,
    trend_measures,
    with_intensity,
)
from seismic_lightning.evaluation.measure import Measure, Records
from seismic_lightning.evaluation.waveform_columns import waveform_measures
from seismic_lightning.transforms.settings import StftSettings
from seismic_lightning.transforms.stft import Stft

RATE_HZ = 100.0
BINS = Bins((1.0, 2.5, 4.0), (0.0, 200.0))
BRIEF = Teaching(n_epochs=2, batch_size=16, learning_rate=3e-3, channels=4)


def made(n_events: int, seed: int, n_stations: int = 3) -> Records:
    """Return decaying noise whose strength follows magnitude and distance, with its spectrograms."""
    rng = np.random.default_rng(seed)
    event = np.repeat(np.arange(n_events), n_stations)
    magnitude, distance_km = rng.uniform(1, 4, n_events)[event], rng.uniform(10, 100, len(event))
    strength = 1.0 * magnitude - 1.5 * np.log10(distance_km) - 3.0
    strength += rng.normal(0, 0.2, n_events)[event] + rng.normal(0, 0.2, len(event))
    envelope = np.exp(-np.arange(1000) / 200.0)
    noise: NDArray[np.float64] = rng.normal(size=(len(event), 3, 1000)) * envelope
    return dressed(Records(event, None, 10.0 ** strength[:, None, None] * noise, magnitude, distance_km))


def dressed(records: Records) -> Records:
    """Add spectrograms and intensity measures to waveforms."""
    magnitude = Stft(StftSettings(128, 64, 128), torch.float64)(torch.from_numpy(np.array(records.waveform)))
    return with_intensity(records._replace(level=np.log10(magnitude.numpy() + 1e-7)), RATE_HZ, "mps")


@pytest.fixture(scope="module")
def real() -> Records:
    """Return the records that are answered."""
    return made(24, 0)


@pytest.fixture(scope="module")
def mean_level() -> NDArray[np.float64]:
    """Return the mean spectrogram of other records."""
    level = made(24, 1).level
    assert level is not None
    return np.asarray(level.mean(axis=0))


@pytest.fixture(scope="module")
def measures(mean_level: NDArray[np.float64]) -> list[Measure]:
    """Return all columns, with a classifier of two magnitudes."""
    train = made(24, 2)
    assert train.level is not None
    place = BINS.place(train.magnitude, train.distance_km)  # type: ignore[arg-type] # made with both
    classifier = fit_classifier(train.level, place, len(BINS.names), seed=0, teaching=BRIEF)
    return [
        *spectral_measures(mean_level),
        *waveform_measures(RATE_HZ),
        *intensity_measures(),
        *trend_measures(),
        *classifier_measures(classifier, BINS),
        DiscriminatorMeasure(seed=0, teaching=BRIEF),
    ]


@pytest.fixture(scope="module")
def table(real: Records, mean_level: NDArray[np.float64], measures: list[Measure]) -> pd.DataFrame:
    """Return a budget of guesses, a perfect inversion, two noisy answers and a sample of the prior."""
    assert real.waveform is not None
    rng = np.random.default_rng(3)
    noisy = [
        dressed(real._replace(waveform=real.waveform * 10.0 ** rng.normal(shift, scatter, (72, 1, 1))))
        for shift, scatter in ((0.0, 0.02), (-0.5, 0.2))
    ]
    rows = [
        *baseline_rows(real, mean_level, seed=4),
        Answer(CEILING_ROW, real, paired=True),
        Answer("near", noisy[0], paired=True),
        Answer(CONDITIONAL_ROW, noisy[1], paired=True),
        Answer(PRIOR_ROW, made(20, 5), paired=False),
    ]
    return error_budget(rows, real, measures, seed=6, n_draws=10)


def test_every_cell_has_a_value_with_its_interval_or_a_reason(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == TABLE_COLUMNS
    judged = table["absent"].isna()
    assert table.loc[judged, ["value", "low", "high"]].notna().all(axis=None)
    assert (table.loc[judged, "low"] <= table.loc[judged, "high"]).all()
    assert (table.loc[judged, "n_records"] > 0).all()
    assert table.loc[~judged, ["value", "low", "high"]].isna().all(axis=None)
    reasons = table[~judged].groupby("row")["absent"].unique().map(set).to_dict()
    assert reasons == {
        MEAN_ROW: {"no waveform", "no intensity"},
        OTHER_ROW: {REORDERED},
        HALVES_ROW: {"no pairs"},
        CEILING_ROW: {UNDEFINED},
        PRIOR_ROW: {"no pairs"},
    }


def cells(table: pd.DataFrame, row: str) -> dict[str, float]:
    """Return the values of a row by measure."""
    return {str(name): float(value) for name, value in as_matrix(table).loc[row].to_dict().items()}


def test_the_mean_has_no_skill_and_a_perfect_answer_all_of_it(table: pd.DataFrame) -> None:
    mean, perfect = cells(table, MEAN_ROW), cells(table, CEILING_ROW)
    assert mean["skill"] == 0.0
    assert mean["anomaly correlation"] == 0.0
    assert mean["spectral correlation"] > 0.3
    assert perfect["skill"] == 1.0
    zeros = ["log spectral distance", "multi-resolution distance", "PGA bias", "D5-95 residual sd"]
    zeros += ["FAS 1-2 Hz bias", "log-FAS Fréchet distance", "PSA 1 s distribution"]
    assert [perfect[name] for name in zeros] == [0.0] * len(zeros)
    assert perfect["PGA scatter about trend over real"] == pytest.approx(1.0)
    assert perfect["embedding Fréchet distance"] == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(perfect["PGA τ between events"])


def test_known_shift_and_scatter_are_in_their_columns(table: pd.DataFrame) -> None:
    row = cells(table, CONDITIONAL_ROW)
    line = table[(table["row"] == CONDITIONAL_ROW) & (table["measure"] == "PGA bias")]
    (cell,) = line.to_dict("records")
    # 0.2 dex of 72 records: three standard errors
    assert cell["value"] == pytest.approx(-0.5, abs=0.07)
    assert 0.02 < cell["high"] - cell["low"] < 0.15
    assert (cell["n_records"], cell["n_events"], cell["unit"], cell["best"]) == (72, 24, "dex", "zero")
    # Arias intensity goes with the square, durations do not change
    assert row["Arias intensity bias"] == pytest.approx(2.0 * row["PGA bias"])
    assert row["D5-95 bias"] == pytest.approx(0.0, abs=1e-12)
    assert row["PGA residual sd"] == pytest.approx(0.2, rel=0.3)
    assert np.hypot(row["PGA τ between events"], row["PGA φ within events"]) == pytest.approx(0.2, rel=0.3)
    assert row["FAS 5-10 Hz bias"] == pytest.approx(row["PGA bias"])


def test_rows_stand_in_the_order_of_what_they_know(table: pd.DataFrame) -> None:
    assert list(as_matrix(table).index) == list(table["row"].unique())
    rows = [cells(table, name) for name in (OTHER_ROW, CONDITIONAL_ROW, "near", CEILING_ROW)]
    for name in ("log spectral distance", "multi-resolution distance"):
        assert rows[0][name] > rows[1][name] > rows[2][name] > rows[3][name]
    assert rows[0]["skill"] < rows[1]["skill"] < rows[2]["skill"] < rows[3]["skill"]
    assert rows[2]["PGV distribution"] < rows[1]["PGV distribution"]


def test_the_same_records_in_another_order_are_judged_by_what_was_asked_for_alone(
    table: pd.DataFrame,
) -> None:
    lines = table[table["row"] == OTHER_ROW]
    empty = lines[lines["absent"].notna()]
    asked_for = {name for name in lines["measure"] if name not in set(empty["measure"])}
    of_sets = {"log-FAS Fréchet distance", "embedding Fréchet distance", "discriminator accuracy"}
    assert set(empty["measure"]) == of_sets | {f"{name} distribution" for name in INTENSITIES}
    assert {"skill", "PGA bias", "PGA slope per magnitude less real", "classifier accuracy"} <= asked_for
    assert set(lines["measure"]) == set(table["measure"])


def test_a_seed_makes_the_table(real: Records, mean_level: NDArray[np.float64]) -> None:
    def budget(seed: int) -> pd.DataFrame:
        rows = baseline_rows(real, mean_level, seed=seed)
        return error_budget(rows, real, spectral_measures(mean_level), seed=seed, n_draws=5)

    pd.testing.assert_frame_equal(budget(0), budget(0))
    assert not budget(0).equals(budget(1))


def test_recovered_means_give_the_mean_a_waveform(real: Records, mean_level: NDArray[np.float64]) -> None:
    assert real.waveform is not None
    rows = baseline_rows(real, mean_level, seed=0, mean_waveform=real.waveform[0])
    answer = rows[0]._replace(records=with_intensity(rows[0].records, RATE_HZ, "mps"))
    table = error_budget([answer], real, intensity_measures(), seed=0, n_draws=5)
    assert table["absent"].isna().all()


def test_other_records_are_of_other_events_and_evenly_chosen() -> None:
    event = np.array(["b", "a", "c", "a", "b", "b"])
    chosen = np.array([other_records(event, seed) for seed in range(400)])
    assert (event[chosen] != event).all()
    for record in range(6):
        counts = np.bincount(chosen[:, record], minlength=6)[event != event[record]]
        assert counts.min() > 0.6 * 400 / len(counts)
    np.testing.assert_array_equal(other_records(event, 7), other_records(event, 7))


def test_halves_share_no_event_and_no_record_is_lost() -> None:
    event = np.random.default_rng(0).integers(0, 21, 100)
    first, second = split_halves(event, 1)
    assert not set(event[first]) & set(event[second])
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(100))
    assert abs(len(set(event[first])) - len(set(event[second]))) <= 1
    assert mean_for_each(np.ones((3, 2, 2)), 5).shape == (5, 3, 2, 2)


def test_what_makes_no_budget_is_refused_by_name(real: Records, mean_level: NDArray[np.float64]) -> None:
    measures = spectral_measures(mean_level)
    answer = Answer("model", real, paired=True)
    with pytest.raises(EvaluationError, match="there are no rows"):
        error_budget([], real, measures, seed=0)
    with pytest.raises(EvaluationError, match="rows of one name: model"):
        error_budget([answer, answer], real, measures, seed=0)
    with pytest.raises(EvaluationError, match="measures of one name: anomaly correlation"):
        error_budget([answer], real, [*measures, *measures], seed=0)
    fewer = Answer("model", real.take(np.arange(5)), paired=True)
    with pytest.raises(EvaluationError, match=r"model, skill: .*5 answers and 72 records make no pairs"):
        error_budget([fewer], real, measures, seed=0)
    assert real.level is not None
    broken = Answer("model", real._replace(level=real.level + np.nan), paired=True)
    with pytest.raises(EvaluationError, match=r"model, skill: spectrograms: .* are NaN"):
        error_budget([broken], real, measures, seed=0)
    with pytest.raises(EvaluationError, match="random other record: 2 records of one event"):
        other_records(["a", "a"], 0)
    with pytest.raises(EvaluationError, match="split-half: 2 records of one event"):
        split_halves(["a", "a"], 0)


def test_draws_that_a_trend_fits_exactly_count_as_lost_instead_of_scattering_by_nothing() -> None:
    few = made(6, 5, n_stations=1)
    (measure,) = trend_measures()
    scatter = measure.judge(few, few, seed=0, n_draws=200)[1]
    assert scatter.value == pytest.approx(1.0)
    assert scatter.n_lost > 20
