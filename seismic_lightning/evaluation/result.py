"""What an evaluation returns: tables to be read, curves and examples to be drawn, notes to be believed.

Nothing here knows how the figures were made, so that a report, a JSON file and TensorBoard show the same.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REAL = "real records"
"""Name of the records that are answered, beside the names of the budget's rows."""
BIN_COLUMNS = ("row", "intensity", "bin", "n_records", "bias", "sd")


class Example(NamedTuple):
    """A real record beside an answer to it.

    Attributes:
        row: Name of the budget's row that the answer belongs to.
        paired: Whether the answer was asked for this record; of a record drawn from nothing the magnitude
            and distance are the real one's alone.
        event: Identifier of the earthquake.
        station: ``NET.STA``.
        family: Channel family, such as ``HH``.
        magnitude: Of the earthquake.
        distance_km: Hypocentral.
        p_s: From the first sample to P of the real record.
        rate_hz: Sampling rate of both.
        unit: ``counts``, ``mps`` or ``mps2``.
        components: Letters of the components, such as ``ZNE``.
        real: ``(C, N)`` samples.
        generated: ``(C, N)`` samples.
    """

    row: str
    paired: bool
    event: str
    station: str
    family: str
    magnitude: float
    distance_km: float
    p_s: float
    rate_hz: float
    unit: str
    components: str
    real: NDArray[np.float64]
    generated: NDArray[np.float64]


class Curves(NamedTuple):
    """Lines and clouds to be drawn; every mapping is by row of the budget, ``REAL`` first.

    Attributes:
        frequency_hz: ``(K,)`` smoothed frequencies.
        fas: ``(K,)`` mean decadic logarithm of the Fourier amplitude, in unit of the waveform times second.
        parts: Eight parts of a record, from noise to late coda.
        levels: ``(8,)`` median decadic logarithm of a part's level over that of S.
        magnitudes: ``(M, 2)`` magnitude asked for and magnitude read back.
    """

    frequency_hz: NDArray[np.float64]
    fas: dict[str, NDArray[np.float64]]
    parts: tuple[str, ...]
    levels: dict[str, NDArray[np.float64]]
    magnitudes: dict[str, NDArray[np.float64]]


class Evaluation(NamedTuple):
    """All that was found out about a model.

    Attributes:
        budget: Lines of ``budget.TABLE_COLUMNS``, the error budget.
        bins: Lines of ``BIN_COLUMNS``: residuals of each intensity measure by bin of magnitude and distance.
        examples: Real records of several sizes beside answers to them.
        curves: What figures are drawn from.
        notes: One sentence each: how many records and events, what was dropped and why, what to beware of.
        about: Plain values: checkpoint, dataset, split, unit, seed, version, settings.
    """

    budget: pd.DataFrame
    bins: pd.DataFrame
    examples: list[Example]
    curves: Curves
    notes: list[str]
    about: dict[str, object]
