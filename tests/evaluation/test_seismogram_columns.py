"""Real records keep their columns, and each way to spoil them moves the column that is meant for it."""

import numpy as np
import pytest
from support.truth import RATE_HZ, KnownRecords, given, joined

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.budget import Answer, as_matrix, error_budget
from seismic_lightning.evaluation.fourier import log_fas_features
from seismic_lightning.evaluation.honesty_columns import honesty_measures
from seismic_lightning.evaluation.judging import lost_draws
from seismic_lightning.evaluation.measure import Records
from seismic_lightning.evaluation.seismogram import COLUMNS, Known
from seismic_lightning.evaluation.seismogram_columns import (
    closure_measures,
    seismogram_measures,
    with_seismogram,
)


def records(known: KnownRecords, waveform: np.ndarray) -> Records:
    slant_km = np.hypot(known.distance_km, known.depth_km)
    plain = Records(np.arange(len(waveform)), None, waveform, known.magnitude, slant_km)
    asked = Known(known.p_s, known.distance_km, known.depth_km, known.back_azimuth_deg, known.kappa_s)
    return with_seismogram(plain, RATE_HZ, asked)


def features(of: Records) -> np.ndarray:
    assert of.waveform is not None
    return log_fas_features(of.waveform, RATE_HZ, 1.0, 20.0)


@pytest.fixture(scope="module")
def columns() -> dict[str, dict[str, float]]:
    """Judge records, and what becomes of them, against other records of the same earthquakes."""
    known = joined([given(magnitude, 0.4, 24) for magnitude in (2.8, 3.6, 4.4)])
    thirds = [known.take(np.arange(len(known.p_s)) % 3 == part) for part in range(3)]
    (one, made), (_, held), (_, training) = [(part, records(part, part.velocity_m_s)) for part in thirds]
    middle = 10 ** (1.0 * (one.magnitude - 3.6))[:, None, None]
    rng = np.random.default_rng(0)
    shuffled = np.stack(
        [one.velocity_m_s[rng.permutation(24) % 8 + 8 * (np.arange(24) // 8), c] for c in range(3)], axis=1
    )
    answers = {
        "as real": made,
        "one strength": records(one, one.velocity_m_s / middle),
        "late S": records(one._replace(distance_km=one.distance_km / 2), one.velocity_m_s),
        "phases apart": records(one, shuffled),
        "white": records(one, np.random.default_rng(1).normal(size=one.velocity_m_s.shape)),
        "copies": training,
        "leaking": records(one, one.velocity_m_s + 0.3 * np.roll(one.velocity_m_s, -80, axis=-1)),
    }
    measures = [*closure_measures(), *seismogram_measures()]
    measures += honesty_measures(features(training), features, ("waveform",))
    rows = [Answer(name, answer, paired=False) for name, answer in answers.items()]
    table = as_matrix(error_budget(rows, held, measures, seed=0, n_draws=20))
    return {str(name): dict(zip(table.columns, table.loc[name], strict=True)) for name in table.index}


def test_real_records_keep_their_columns(columns: dict[str, dict[str, float]]) -> None:
    row = columns["as real"]
    assert row["ML closure slope"] == pytest.approx(1.0, abs=0.15)
    assert abs(row["ML closure bias"]) < 0.4
    assert row["ML closure sigma over real"] == pytest.approx(1.0, abs=0.5)
    assert row["S-P error, median"] < 0.2
    assert row["envelope levels off real"] < 0.15
    assert row["H/V of S over real"] == pytest.approx(1.0, abs=0.25)
    assert row["corner frequency over real"] == pytest.approx(1.0, abs=0.4)
    assert row["P polarisation error, median"] < 25.0
    assert row["precision"] > 0.5 < row["recall"]
    assert row["copies of training records"] < 0.3
    for name in ("P found less real", "P rectilinearity less real", "coherence after P less real"):
        assert abs(row[name]) < 0.1
    assert abs(row["foot before P less real"]) < 0.15


def test_what_is_spoilt_is_seen(columns: dict[str, dict[str, float]]) -> None:
    assert columns["one strength"]["ML closure slope"] == pytest.approx(0.0, abs=0.15)
    assert columns["late S"]["S-P error, median"] > 1.0
    assert columns["phases apart"]["P polarisation error, median"] > 35.0
    assert columns["phases apart"]["coherence after P less real"] < -0.1
    assert columns["white"]["P found less real"] < -0.8
    assert np.isnan(columns["white"]["S-P error, median"]), "no P stands out, so nothing is read"
    assert columns["white"]["precision"] == columns["white"]["recall"] == 0.0
    assert columns["leaking"]["foot before P less real"] > 0.4
    assert columns["copies"]["copies of training records"] == 1.0
    assert columns["copies"]["distance to training over held-out"] == 0.0


def test_records_that_nobody_has_read_are_refused() -> None:
    unread = with_seismogram(Records(np.arange(2)), RATE_HZ, Known(10.0, 50.0, 10.0, 0.0))
    table = error_budget([Answer("any", unread, paired=False)], unread, closure_measures(), seed=0)
    assert (table["absent"] == "no seismogram").all()
    with pytest.raises(EvaluationError, match="nobody has read"):
        seismogram_measures()[0].judge(unread, unread, seed=0, n_draws=2)


def test_columns_count_the_records_that_they_rest_on() -> None:
    rng, n_records = np.random.default_rng(2), 60
    table = np.abs(rng.normal(20.0, 1.0, (n_records, len(COLUMNS))))
    magnitude = np.repeat([1.5, 2.0, 3.0, 3.5], 15)
    table[:, COLUMNS.index("magnitude")] = magnitude + rng.normal(0.0, 0.1, n_records)
    table[30, COLUMNS.index("magnitude")] = np.nan
    table[:20, COLUMNS.index("snr")] = 1.0
    table[:50, COLUMNS.index("s_over_noise")] = 1.0
    table[:30, COLUMNS.index("p_over_noise")] = 1.0
    table[40:, COLUMNS.index("corner_hz")] = np.nan
    made = Records(np.arange(n_records) // 3, magnitude=magnitude, seismogram=table)
    answer = Answer("any", made, paired=False)
    lines = error_budget([answer], made, [*closure_measures(), *seismogram_measures()], seed=0, n_draws=5)
    counts = {
        name: (n_records, n_events)
        for name, n_records, n_events in zip(
            lines["measure"], lines["n_records"], lines["n_events"], strict=True
        )
    }
    assert {counts[name] for name in counts if name.startswith("ML closure")} == {(29, 10)}
    assert counts["P found less real"] == (60, 20)
    assert counts["S-P error, median"] == counts["H/V of S over real"] == (40, 14)
    assert counts["corner frequency over real"] == (20, 8)
    assert counts["envelope levels off real"] == (10, 4)
    assert counts["foot before P less real"] == (30, 10)


def test_few_strong_events_keep_their_closure_and_tell_of_lost_draws() -> None:
    rng, event = np.random.default_rng(3), np.repeat(np.arange(20), 2)
    magnitude = np.where(event < 2, 3.0 + 0.5 * event, 1.0)
    table = np.full((40, len(COLUMNS)), np.nan)
    table[:, COLUMNS.index("magnitude")] = magnitude + rng.normal(0.0, 0.1, 40)
    made = Records(event, magnitude=magnitude, seismogram=table)
    lines = error_budget(
        [Answer("any", made, paired=False)], made, closure_measures(), seed=0, n_draws=200
    ).set_index("measure")
    bias = lines.loc["ML closure bias"]
    assert (bias["n_records"], bias["n_events"]) == (4, 2)
    # both strong events are in 0.4 of the draws: most have no slope, so neither has it bounds
    assert bias["n_lost"] > 100
    assert np.isnan([bias["low"], bias["high"]]).all()
    lines = error_budget(
        [Answer("any", made._replace(magnitude=magnitude + 1.6 * (event < 6)), paired=False)],
        made,
        closure_measures(),
        seed=0,
        n_draws=200,
    ).set_index("measure")
    bias = lines.loc["ML closure bias"]
    assert 0 < bias["n_lost"] < 60
    assert bias["low"] < bias["value"] < bias["high"]
    assert (
        "of 200 draws of events have no value of ML closure slope" in lost_draws(lines.reset_index(), 200)[0]
    )
