r"""Confidence intervals that know that records of one earthquake resemble each other.

Whole events are drawn with replacement, each with all of its records, and the statistic is taken again. The
interval lies between the :math:`\alpha/2` and :math:`1-\alpha/2` quantiles of these values (percentile
method). Drawing single records would take some eleven records of an event for eleven independent ones and
give intervals that are too narrow.

Two sets are compared by draws of either. Where both are of the same events, as answers and the records that
they answer, an event that is drawn brings its records of both: what is peculiar to an earthquake is then in
both sets, as it is in all records, and does not make the interval wider. Sets of different events are drawn
each on their own. An interval so tells where the value would lie for other earthquakes like these, each
answered once; not where it would lie for the same earthquakes and another seed alone.

A distance between two sets grows by the drawing itself: of two equal sets it is zero, of draws from them it
is not. Draws of comparisons are therefore shifted so that their mean is the value, and bounds kept at zero or
above where all draws are.

A draw may lack what a statistic needs, such as three records of strong earthquakes. The bounds then rest on
the other draws, whose number is told; where more than half have no value there are no bounds.

References:
    Efron, B. (1979), Annals of Statistics 7(1), 1-26, doi:10.1214/aos/1176344552.
    Field, C. A. and Welsh, A. H. (2007), Journal of the Royal Statistical Society B 69(3), 369-390,
    doi:10.1111/j.1467-9868.2007.00593.x (draws of whole clusters).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import event_codes

MIN_EVENTS = 2
"""One event tells nothing of the scatter between events."""
_MOST_LOST = 0.5
"""Share of draws without a value above which the others are no sample of anything."""


class Draw(NamedTuple):
    """One draw of whole events.

    Attributes:
        rows: ``(M,)`` int64 records drawn; a record may come twice.
        event: ``(M,)`` int64 number of the draw that brought each record: an event drawn twice counts as two.
    """

    rows: NDArray[np.int64]
    event: NDArray[np.int64]


class Interval(NamedTuple):
    """A value and how far chance may have moved it.

    Attributes:
        value: Of all records.
        low: Lower bound; NaN with fewer than two events, or where most draws have no value.
        high: Upper bound; likewise.
        n_records: Records it rests on.
        n_events: Their events.
        n_lost: Draws without a value, which the bounds do not rest on.
    """

    value: float
    low: float
    high: float
    n_records: int
    n_events: int
    n_lost: int = 0

    def resting_on(self, used: NDArray[np.bool_], event: ArrayLike) -> "Interval":
        """Return the same with the counts of the records that are used.

        Args:
            used: ``(B,)`` which of the records.
            event: ``(B,)`` event of each record.
        """
        n_events = len(np.unique(np.asarray(event)[used]))
        return self._replace(n_records=int(used.sum()), n_events=n_events)


def draws(event: ArrayLike, n_draws: int, seed: int) -> Iterator[Draw]:
    """Draw whole events with replacement.

    Args:
        event: ``(B,)`` event of each record.
        n_draws: How many draws.
        seed: Equal seeds give equal draws.

    Yields:
        ``n_draws`` draws of as many events as there are.
    """
    members = _members(event)
    generator = np.random.default_rng(seed)
    for _ in range(n_draws):
        yield _drawn(members, generator.integers(len(members), size=len(members)))


def draws_of_both(
    events: tuple[ArrayLike, ArrayLike], n_draws: int, seed: int
) -> Iterator[tuple[Draw, Draw]]:
    """Draw whole events of two sets with replacement, together where both sets are of the same events.

    Args:
        events: ``(B,)`` and ``(M,)`` event of each record of both sets.
        n_draws: How many draws.
        seed: Equal seeds give equal draws.

    Yields:
        ``n_draws`` pairs of draws, each of as many events as its set has. Of the same events both draws hold
        the same ones, in the same order.
    """
    if np.array_equal(np.unique(np.asarray(events[0])), np.unique(np.asarray(events[1]))):
        members = [_members(event) for event in events]
        generator = np.random.default_rng(seed)
        for _ in range(n_draws):
            places = generator.integers(len(members[0]), size=len(members[0]))
            yield _drawn(members[0], places), _drawn(members[1], places)
        return
    seeds = np.random.default_rng(seed).integers(2**31, size=2).tolist()
    alone = (draws(event, n_draws, number) for event, number in zip(events, seeds, strict=True))
    yield from zip(*alone, strict=True)


def intervals(
    statistic: Callable[[Draw], NDArray[np.float64]],
    event: ArrayLike,
    *,
    seed: int,
    n_draws: int = 500,
    level: float = 0.95,
) -> list[Interval]:
    """Take several statistics of the same records and their intervals, by draws of events.

    Args:
        statistic: Takes the drawn records and returns ``(K,)`` numbers.
        event: ``(B,)`` event of each record.
        seed: Equal seeds give equal intervals.
        n_draws: Draws that the intervals rest on.
        level: Share of the draws within an interval, between 0 and 1.

    Returns:
        K intervals.

    Raises:
        EvaluationError: A level or number of draws that gives no interval, or no records.
    """
    whole = _whole(event)
    taken = (statistic(draw) for draw in draws(event, n_draws, seed))
    return _around(statistic(whole), taken, [whole], (n_draws, level), centred=False)


def intervals_between(
    statistic: Callable[[Draw, Draw], NDArray[np.float64]],
    events: tuple[ArrayLike, ArrayLike],
    *,
    seed: int,
    n_draws: int = 500,
    level: float = 0.95,
) -> list[Interval]:
    """Take statistics that compare two sets of records, and their intervals.

    Args:
        statistic: Takes the drawn records of both sets and returns ``(K,)`` numbers.
        events: ``(B,)`` and ``(M,)`` events of the records of both sets; they are drawn as
            ``draws_of_both`` tells.
        seed: Equal seeds give equal intervals.
        n_draws: Draws that the intervals rest on.
        level: Share of the draws within an interval, between 0 and 1.

    Returns:
        K intervals, which count the records of the first set.

    Raises:
        EvaluationError: As ``intervals``.
    """
    wholes = [_whole(event) for event in events]
    taken = (statistic(*both) for both in draws_of_both(events, n_draws, seed))
    return _around(statistic(*wholes), taken, wholes, (n_draws, level), centred=True)


def interval(
    statistic: Callable[[Draw], float],
    event: ArrayLike,
    *,
    seed: int,
    n_draws: int = 500,
    level: float = 0.95,
) -> Interval:
    """Take one statistic and its interval.

    Args:
        statistic: Takes the drawn records and returns a number.
        event: ``(B,)`` event of each record.
        seed: Equal seeds give equal intervals.
        n_draws: Draws that the interval rests on.
        level: Share of the draws within the interval, between 0 and 1.

    Returns:
        Value, bounds and counts.

    Example:
        >>> magnitude = np.array([1.0, 1.0, 2.0, 3.0])
        >>> interval(lambda draw: magnitude[draw.rows].mean(), [7, 7, 8, 9], seed=0, n_draws=9).value
        1.75
    """
    (single,) = intervals(
        lambda draw: np.array([statistic(draw)]), event, seed=seed, n_draws=n_draws, level=level
    )
    return single


def _members(event: ArrayLike) -> list[NDArray[np.int64]]:
    """Return the rows of each event."""
    codes = event_codes(event, np.size(event))
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])


def _drawn(members: list[NDArray[np.int64]], places: NDArray[np.int64]) -> Draw:
    """Return the records of events that were drawn."""
    chosen = [members[place] for place in places.tolist()]
    return Draw(np.concatenate(chosen), np.repeat(np.arange(len(chosen)), [len(rows) for rows in chosen]))


def _whole(event: ArrayLike) -> Draw:
    """Return all records, each once."""
    n_records = np.size(event)
    if n_records == 0:
        raise EvaluationError("interval: there are no records")
    return Draw(np.arange(n_records), event_codes(event, n_records))


def _around(
    value: NDArray[np.float64],
    taken: Iterator[NDArray[np.float64]],
    wholes: list[Draw],
    asked: tuple[int, float],
    *,
    centred: bool,
) -> list[Interval]:
    """Put bounds around values; without bounds where a set has a single event."""
    n_draws, level = asked
    if not 0.0 < level < 1.0 or n_draws < 1:
        raise EvaluationError(
            f"interval: give a level between 0 and 1 and at least one draw, got {level=}, {n_draws=}"
        )
    n_events = [int(whole.event.max()) + 1 for whole in wholes]
    bounds, n_lost = np.full((2, len(value)), np.nan), np.zeros(len(value), dtype=np.int64)
    if min(n_events) >= MIN_EVENTS:
        drawn = np.stack(list(taken))
        n_lost = (~np.isfinite(drawn)).sum(axis=0)
        for place in np.flatnonzero((n_lost <= _MOST_LOST * n_draws) & np.isfinite(value)):
            bounds[:, place] = _bounds(drawn[:, place], level, value[place] if centred else None)
    return [
        Interval(float(middle), float(low), float(high), len(wholes[0].rows), n_events[0], int(lost))
        for middle, low, high, lost in zip(value, *bounds, n_lost, strict=True)
    ]


def _bounds(drawn: NDArray[np.float64], level: float, centre: float | None) -> NDArray[np.float64]:
    """Return the quantiles of the draws that have a value, shifted to a centre if there is one."""
    known = drawn[np.isfinite(drawn)]
    bounds = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    if centre is not None:
        bounds = bounds - (known.mean() - centre)
        bounds = np.maximum(bounds, 0.0) if known.min() >= 0.0 else bounds
    return np.asarray(bounds)
