"""What a seismologist reads from records, as columns of the error budget.

Each column compares a set of answers with real records. Magnitudes are read from requests that rise above the
noise, and how often P is found from all records; everything else from records of either set whose P, or whose
S for levels, stands out.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.measure import Array, Column, Measure, Records, SetMeasure, Used
from seismic_lightning.evaluation.onsets import TOLERANCE_S
from seismic_lightning.evaluation.seismogram import COHERENCES, COLUMNS, LEVELS, Known, seismogram_table
from seismic_lightning.records.local_magnitude import MIN_MAGNITUDE

CLEAR_SNR = 3.0
"""Legacy ratio of the vertical from which onsets and motion are read."""
CLEAR_P, CLEAR_S = 10.0, 10.0
"""Levels over noise from which feet of P and levels are compared: noise hides what leaks from a weaker P, and
would end the coda of a weaker S."""
MIN_CLOSURE_RECORDS = 3


def with_seismogram(records: Records, rate_hz: float, known: Known) -> Records:
    """Add what a seismologist reads; without waveforms there is nothing to read.

    Args:
        records: Records with waveforms in m/s, before any high-pass above 0.5 Hz.
        rate_hz: Sampling rate.
        known: What is known of the records, or was asked for.

    Returns:
        The records with ``(B, K)`` of ``seismogram.COLUMNS``.
    """
    if records.waveform is None:
        return records._replace(seismogram=None)
    table = seismogram_table(records.waveform, rate_hz, known)
    return records._replace(seismogram=table.to_numpy(dtype=np.float64))


def closure_measures() -> list[Measure]:
    """Return slope, bias and scatter of recovered against requested magnitudes, ML 2.5 and above."""

    def describe(records: Records) -> Array:
        if records.magnitude is None:
            raise EvaluationError("magnitude closure was given records without magnitudes")
        return np.stack([_read(records)[:, _place("magnitude")], records.magnitude], axis=1)

    def reduce(answer: Array, real: Array) -> Array:
        slope, bias, sigma = _closure(answer)
        return np.array([slope, bias, sigma, sigma / _closure(real)[2]])

    columns = (
        Column("ML closure slope", "", "one"),
        Column("ML closure bias", "", "zero"),
        Column("ML closure sigma", "", "low"),
        Column("ML closure sigma over real", "", "one"),
    )

    def used(table: Array) -> NDArray[np.bool_]:
        return _judged(table)[:, None].repeat(len(columns), axis=1)

    return [SetMeasure(columns, ("seismogram", "magnitude"), describe, reduce, used)]


def seismogram_measures() -> list[Measure]:
    """Return onsets, levels, components and corners, beside those of real records."""

    def onsets(answer: Array, real: Array) -> Array:
        found = [
            float((np.abs(part[:, _place("p_error_s")]) <= TOLERANCE_S).mean()) for part in (answer, real)
        ]
        error_s = np.abs(_clear(answer)[:, _place("s_minus_p_error_s")])
        return np.array([found[0] - found[1], _median(error_s)])

    def levels(answer: Array, real: Array) -> Array:
        middles = [
            _medians(part[part[:, _place("s_over_noise")] > CLEAR_S], LEVELS) for part in (answer, real)
        ]
        difference = np.abs(middles[0] - middles[1])
        held = np.isfinite(difference)
        return np.array([difference[held].mean() if held.any() else np.nan])

    def feet(answer: Array, real: Array) -> Array:
        middles = [_medians(part[_strong_p_used(part)[:, 0]], ("foot_dex",)) for part in (answer, real)]
        return np.asarray(middles[0] - middles[1], dtype=np.float64)

    return [
        _measure(
            onsets,
            _onsets_used,
            Column("P found less real", "", "zero", of_request=False),
            Column("S-P error, median", "s", "low"),
        ),
        _measure(feet, _strong_p_used, Column("foot before P less real", "dex", "zero", of_request=False)),
        _measure(levels, _levels_used, Column("envelope levels off real", "dex", "low")),
        _measure(
            _motion,
            _motion_used,
            Column("H/V of S over real", "", "one"),
            Column("corner frequency over real", "", "one"),
            Column("P rectilinearity less real", "", "zero", of_request=False),
            Column("coherence after P less real", "", "zero", of_request=False),
            Column("P polarisation error, median", "deg", "low"),
        ),
    ]


_RATIOS = ("horizontal_to_vertical", "corner_hz")


def _measure(reduce: Callable[[Array, Array], Array], used: Used, *columns: Column) -> SetMeasure:
    return SetMeasure(columns, ("seismogram",), _read, reduce, used)


def _motion(answer: Array, real: Array) -> Array:
    """Compare what the particle motion of clear records tells."""
    one, other = _clear(answer), _clear(real)
    ratios = [_medians(one, (name,)) / _medians(other, (name,)) for name in _RATIOS]
    rectilinearity = _medians(one, ("p_rectilinearity",)) - _medians(other, ("p_rectilinearity",))
    coherence = (_medians(one, COHERENCES) - _medians(other, COHERENCES)).mean(keepdims=True)
    turned_deg = np.array([_median(np.abs(one[:, _place("polarisation_error_deg")]))])
    return np.concatenate([*ratios, rectilinearity, coherence, turned_deg])


def _onsets_used(table: Array) -> NDArray[np.bool_]:
    """Every record's P is looked for; S only where P is clear."""
    return np.column_stack([np.ones(len(table), dtype=np.bool_), _held(table, ("s_minus_p_error_s",))])


def _strong_p_used(table: Array) -> NDArray[np.bool_]:
    return np.asarray(table[:, [_place("p_over_noise")]] > CLEAR_P)


def _levels_used(table: Array) -> NDArray[np.bool_]:
    return np.asarray(table[:, [_place("s_over_noise")]] > CLEAR_S)


def _motion_used(table: Array) -> NDArray[np.bool_]:
    single = [(name,) for name in (*_RATIOS, "p_rectilinearity")]
    parts = [*single, COHERENCES, ("polarisation_error_deg",)]
    return np.column_stack([_held(table, names) for names in parts])


def _held(table: Array, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Tell which rows have a clear P and one of some columns."""
    known = np.isfinite(table[:, [_place(name) for name in names]]).any(axis=1)
    return np.asarray(known & _is_clear(table))


def _read(records: Records) -> Array:
    """Return a part that the measure's needs promise."""
    if records.seismogram is None:
        raise EvaluationError("a measure was given records that nobody has read, see with_seismogram")
    return records.seismogram


def _place(name: str) -> int:
    return COLUMNS.index(name)


def _clear(table: Array) -> Array:
    """Return the rows whose P stands out."""
    return table[_is_clear(table)]


def _is_clear(table: Array) -> NDArray[np.bool_]:
    return np.asarray(table[:, _place("snr")] > CLEAR_SNR)


def _judged(table: Array) -> NDArray[np.bool_]:
    """Tell which rows of recovered and requested magnitudes rise above the noise and could be read."""
    return np.asarray((table[:, 1] >= MIN_MAGNITUDE) & np.isfinite(table[:, 0]))


def _medians(table: Array, names: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([_median(table[:, _place(name)]) for name in names])


def _median(values: Array) -> float:
    """Return the median of what is known, NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def _closure(table: Array) -> tuple[float, float, float]:
    """Return slope, bias and sigma of recovered over requested magnitudes, NaN where too few are readable."""
    used = table[_judged(table)]
    if len(used) < MIN_CLOSURE_RECORDS or np.ptp(used[:, 1]) == 0.0:
        return np.nan, np.nan, np.nan
    asked, error = used[:, 1] - used[:, 1].mean(), used[:, 0] - used[:, 1]
    slope = 1.0 + float(asked @ error) / float(asked @ asked)
    return slope, float(error.mean()), float(error.std(ddof=1))
