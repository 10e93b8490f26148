"""Intervals by events: as wide as theory says, wider than those by records, and repeatable."""

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import (
    Draw,
    draws,
    draws_of_both,
    interval,
    intervals,
    intervals_between,
)
from seismic_lightning.evaluation.frechet import diagonal_distance


def mean_of(values: NDArray[np.float64], draw: Draw) -> float:
    """Return the mean of drawn records."""
    return float(values[draw.rows].mean())


def difference_of_means(
    first: NDArray[np.float64], second: NDArray[np.float64], draw: Draw, other: Draw
) -> NDArray[np.float64]:
    """Return by how much the mean of the first set is higher."""
    return np.array([first[draw.rows].mean() - second[other.rows].mean()])


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(0).normal(2.0, 1.0, 400)
    result = interval(lambda draw: values[draw.rows].mean(), np.arange(400), seed=1, n_draws=2000)
    error = values.std(ddof=1) / 20.0
    expected = stats.norm.interval(0.95, values.mean(), error)
    assert result.value == values.mean()
    np.testing.assert_allclose((result.low, result.high), expected, atol=0.15 * error)
    assert result[3:] == (400, 400, 0)


def test_intervals_by_event_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    event = np.repeat(np.arange(30), 10)
    held = {"event": 0, "record": 0}
    for trial in range(60):
        values = rng.normal(0, 1.0, 30)[event] + rng.normal(0, 0.3, 300)
        for name, unit in (("event", event), ("record", np.arange(300))):
            result = interval(partial(mean_of, values), unit, seed=trial, n_draws=100, level=0.9)
            held[name] += result.low <= 0.0 <= result.high
    assert 45 <= held["event"] <= 59
    assert held["record"] < 36


def test_events_are_drawn_whole_and_twice_drawn_they_are_two() -> None:
    event = np.array(["b", "a", "b", "c"])
    for draw in draws(event, 50, seed=3):
        assert len(np.unique(draw.event)) == 3
        for number in range(3):
            names = event[draw.rows[draw.event == number]]
            assert len(set(names)) == 1
            assert len(names) == (event == names[0]).sum()


def test_equal_seeds_give_equal_intervals() -> None:
    values, event = np.random.default_rng(4).normal(size=50), np.arange(50) // 5

    def median(draw: Draw) -> float:
        return float(np.median(values[draw.rows]))

    first, again, other = (interval(median, event, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first.value == other.value
    assert first != other


def test_several_statistics_come_from_the_same_draws() -> None:
    values, event = np.random.default_rng(7).normal(size=60), np.arange(60) // 3
    both = intervals(
        lambda draw: np.array([values[draw.rows].mean(), 3.0 * values[draw.rows].mean()]), event, seed=8
    )
    assert both[0] == interval(lambda draw: values[draw.rows].mean(), event, seed=8)
    np.testing.assert_allclose(np.multiply(3.0, both[0][:3]), both[1][:3])


def test_two_sets_are_drawn_on_their_own() -> None:
    rng = np.random.default_rng(9)
    first, second = rng.normal(1.0, 1.0, 200), rng.normal(0.0, 1.0, 300)
    (difference,) = intervals_between(
        lambda draw, other: np.array([first[draw.rows].mean() - second[other.rows].mean()]),
        (np.arange(200), np.arange(300)),
        seed=10,
        n_draws=1000,
    )
    error = np.hypot(first.std() / np.sqrt(200), second.std() / np.sqrt(300))
    assert (difference.high - difference.low) / 2 == pytest.approx(1.96 * error, rel=0.1)
    assert difference[3:] == (200, 200, 0)


def test_answers_are_drawn_with_the_events_they_answer() -> None:
    rng = np.random.default_rng(13)
    event = np.repeat(np.arange(33), 6)
    real = rng.normal(size=33)[event] + 0.3 * rng.normal(size=event.size)
    answer = real + 0.02 * rng.normal(size=event.size)

    def ratio(draw: Draw, other: Draw) -> NDArray[np.float64]:
        return np.array([answer[draw.rows].std() / real[other.rows].std()])

    (together,) = intervals_between(ratio, (event, event), seed=14, n_draws=200)
    (pairs,) = intervals(
        lambda draw: np.array([answer[draw.rows].std() / real[draw.rows].std()]),
        event,
        seed=15,
        n_draws=200,
    )
    (apart,) = intervals_between(ratio, (event + 100, event), seed=14, n_draws=200)
    assert together.high - together.low == pytest.approx(pairs.high - pairs.low, rel=0.3)
    assert apart.high - apart.low > 20.0 * (together.high - together.low)
    for first, second in draws_of_both((event, event[6:][event[6:] > 0]), 3, seed=0):
        assert len(np.unique(second.event)) == 32
        assert len(np.unique(first.event)) == 33
    for first, second in draws_of_both((event, event[::2]), 3, seed=0):
        np.testing.assert_array_equal(event[first.rows][::6], event[::2][second.rows][::3])


def test_intervals_of_answers_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(16)
    event, held = np.repeat(np.arange(30), 6), 0
    for trial in range(60):
        size = rng.normal(size=30)[event]
        real, answer = (size + rng.normal(0.0, 0.3, event.size) for _ in range(2))
        (result,) = intervals_between(
            partial(difference_of_means, answer, real), (event, event), seed=trial, n_draws=100, level=0.9
        )
        held += result.low <= 0.0 <= result.high
        assert result.high - result.low < 0.2
    assert 47 <= held <= 59


def test_the_interval_of_a_small_distance_holds_its_value() -> None:
    rng = np.random.default_rng(11)
    first, second = rng.normal(0.0, 1.0, (100, 20)), rng.normal(0.0, 1.0, (100, 20))
    (result,) = intervals_between(
        lambda draw, other: np.array([diagonal_distance(first[draw.rows], second[other.rows])]),
        (np.arange(100), np.arange(100, 200)),
        seed=12,
        n_draws=200,
    )
    assert 0.0 <= result.low < result.value < result.high


def test_draws_without_a_value_are_counted_and_the_others_make_the_bounds() -> None:
    values, event = np.random.default_rng(17).normal(size=12), np.arange(12)

    def mean_if(draw: Draw, least: int) -> float:
        used = draw.rows[draw.rows >= least]
        return float(values[used].mean()) if len(used) > 1 else np.nan

    some, most, none = (
        interval(partial(mean_if, least=least), event, seed=0, n_draws=200) for least in (9, 10, 0)
    )
    # at most one of the last three within twelve: 0.75^12 + 12 0.25 0.75^11
    assert some.n_lost == pytest.approx(0.158 * 200, abs=4 * np.sqrt(200 * 0.158 * 0.842))
    assert some.low < some.value < some.high
    assert none.n_lost == 0
    # of the last two: 0.38
    assert most.n_lost > some.n_lost
    lost = interval(partial(mean_if, least=11), event, seed=0, n_draws=200)
    assert np.isnan(lost[:3]).all()
    both = interval(
        lambda draw: 1.0 if {0, 1} <= {*draw.rows.tolist()} else np.nan, event, seed=0, n_draws=200
    )
    assert both.value == 1.0
    assert both.n_lost > 100
    assert np.isnan([both.low, both.high]).all()


def test_what_gives_no_interval_is_said() -> None:
    def mean(draw: Draw) -> float:
        return float(draw.rows.mean())

    single = interval(mean, ["only"] * 3, seed=0)
    assert single.value == 1.0
    assert np.isnan([single.low, single.high]).all()
    assert single[3:] == (3, 1, 0)
    with pytest.raises(EvaluationError, match="no records"):
        interval(mean, [], seed=0)
    with pytest.raises(EvaluationError, match="level=95"):
        interval(mean, [1, 2], seed=0, level=95)
    with pytest.raises(EvaluationError, match="n_draws=0"):
        interval(mean, [1, 2], seed=0, n_draws=0)
    with pytest.raises(EvaluationError, match="record 1 has no event identifier"):
        interval(mean, np.array([1.0, np.nan]), seed=0)
