"""An evaluation made by hand: every measure and row, cells without values, and names that mean harm."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.evaluation.bins import Bins
from seismic_lightning.evaluation.budget import (
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    ORACLE_ROW,
    OTHER_ROW,
    PRIOR_ROW,
    TABLE_COLUMNS,
)
from seismic_lightning.evaluation.classifier import SpectrogramClassifier
from seismic_lightning.evaluation.columns import (
    INTENSITIES,
    DiscriminatorMeasure,
    classifier_measures,
    intensity_measures,
    spectral_measures,
    trend_measures,
)
from seismic_lightning.evaluation.honesty_columns import honesty_measures
from seismic_lightning.evaluation.measure import Measure
from seismic_lightning.evaluation.result import BIN_COLUMNS, REAL, Curves, Evaluation, Example
from seismic_lightning.evaluation.seismogram_columns import closure_measures, seismogram_measures
from seismic_lightning.evaluation.waveform_columns import waveform_measures
from seismic_lightning.records.levels import LEVEL_WINDOWS_S

ROWS = (MEAN_ROW, OTHER_ROW, HALVES_ROW, CEILING_ROW, ORACLE_ROW, CONDITIONAL_ROW, PRIOR_ROW)
HOSTILE = "KO.<script>alert('ISK')</script>&\"$\\frac{$"
RATE_HZ = 100.0
_TARGETS = {"high": 0.95, "low": 0.05, "zero": 0.0, "one": 1.0, "half": 0.5, "rebuilt": 0.05}
_WORSE = dict(zip(ROWS, (1.0, 0.8, 0.05, 0.1, 0.3, 0.45, 1.2), strict=True))


def all_measures() -> list[Measure]:
    """Return every measure there is; none of them is asked to judge."""
    mean_level = np.zeros((1, 2, 2))
    return [
        *spectral_measures(mean_level),
        *waveform_measures(RATE_HZ),
        *intensity_measures(),
        *trend_measures(),
        *closure_measures(),
        *seismogram_measures(),
        *classifier_measures(SpectrogramClassifier(1, 2), Bins()),
        DiscriminatorMeasure(seed=0),
        *honesty_measures(np.eye(3), lambda records: np.asarray(records.waveform), ("waveform",)),
    ]


def made_evaluation(
    *, n_examples: int = 3, station: str = "KO.ISK", rows: tuple[str, ...] = ROWS
) -> Evaluation:
    """Make an evaluation whose figures are drawn from a seed.

    Args:
        n_examples: Pairs of waveforms.
        station: Of the examples.
        rows: Of the budget.
    """
    rng = np.random.default_rng(0)
    budget = _budget(rng, rows)
    notes = [
        "Judged on 807 records of 163 events of the test split.",
        "Only 12 records lie beyond 120 km: their bins tell little.",
    ]
    about: dict[str, object] = {
        "unit": "mps",
        "checkpoint": "outputs/train/2026-11-22_19-56-37_cvae/checkpoints/best.ckpt",
        "dataset": "outputs/datasets/9f31c0a2",
        "model": "CVAE",
        "subset": "test",
        "n_records": 807,
        "seed": 0,
        "version": "0.1.0",
        "settings": {"temperature": 1.0, "phase": {"method": "admm", "n_iterations": 32}},
    }
    examples = [_example(rng, place, station) for place in range(n_examples)]
    return Evaluation(budget, _bins(rng, rows), examples, _curves(rng, rows), notes, about)


def _budget(rng: np.random.Generator, rows: tuple[str, ...]) -> pd.DataFrame:
    lines = []
    for row in rows:
        for measure in all_measures():
            for column in measure.columns:
                reason = None
                if measure.paired and row in (HALVES_ROW, PRIOR_ROW):
                    reason = "no pairs"
                if measure.needs == ("seismogram",) and row == MEAN_ROW:
                    reason = "no seismogram"
                value = _TARGETS[column.best] + (-1 if column.best == "high" else 1) * _WORSE.get(row, 0.6)
                value *= 1.0 + 0.3 * rng.random()
                numbers = (value, value - 0.04, value + 0.05, 807, 163, 0)
                if reason is not None:
                    numbers = (np.nan, np.nan, np.nan, 0, 0, 0)
                lines.append((row, *column[:3], *numbers, reason))
    return pd.DataFrame(lines, columns=list(TABLE_COLUMNS))


def _bins(rng: np.random.Generator, rows: tuple[str, ...]) -> pd.DataFrame:
    lines = []
    for row in rows:
        if row in (HALVES_ROW, PRIOR_ROW):
            continue
        for intensity in INTENSITIES:
            for place, name in enumerate((*Bins().names, "outside")):
                n_records = 0 if name == "outside" else 3 * place
                known = (rng.normal(-0.2, 0.3), 0.3 + 0.1 * rng.random()) if n_records else (np.nan, np.nan)
                lines.append((row, intensity, name, n_records, *known))
    return pd.DataFrame(lines, columns=list(BIN_COLUMNS))


def _curves(rng: np.random.Generator, rows: tuple[str, ...]) -> Curves:
    frequency_hz = np.geomspace(1.0, 20.0, 60)
    names = (REAL, *rows)
    shape: NDArray[np.float64] = -7.0 - np.log10(1.0 + (frequency_hz / 6.0) ** 2)
    asked = rng.uniform(1.0, 4.5, (len(names), 200))
    return Curves(
        frequency_hz,
        {row: shape + 0.1 * rng.normal() for row in names},
        tuple(LEVEL_WINDOWS_S),
        {row: np.linspace(-0.4, -1.5, 8) + 0.1 * rng.normal(size=8) for row in names},
        {
            row: np.stack([one, one + 0.3 * rng.normal(size=200)], axis=1)
            for row, one in zip(names, asked, strict=True)
        },
    )


def _example(rng: np.random.Generator, place: int, station: str) -> Example:
    time_s = np.arange(4000) / RATE_HZ - 10.0
    envelope = np.where(time_s > 0.0, np.exp(-time_s / 6.0) * (0.3 + (time_s > 5.0)), 0.0) + 0.01
    real, generated = (
        10.0 ** (place - 7) * size * envelope * rng.normal(size=(3, len(time_s))) for size in (1.0, 0.6)
    )
    return Example(
        CONDITIONAL_ROW if place % 2 == 0 else PRIOR_ROW, place % 2 == 0, f"2024{place:04d}", station, "HH",
        1.5 + 0.4 * place, 20.0 + 11 * place, 10.0, RATE_HZ, "mps", "ZNE", real, generated,
    )  # fmt: skip
