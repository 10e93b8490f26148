"""Marks of what lies outside the reach of the training data, in rows of requests, records and steps alike.

A mark is null where nobody can tell: nothing was asked for, the value is unknown, or the checkpoint does not
say how far its training data reach.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.data.condition import station_names
from seismic_lightning.data.hull import REACHES, TrainingHull
from seismic_lightning.generation.limits import OUTSIDE_FAR, is_far
from seismic_lightning.generation.trained import Trained

MARKS = {
    "outside_magnitude": "magnitude",
    "outside_distance": "hypocentral_distance_km",
    "outside_depth": "depth_km",
}
"""Columns that mark what lies outside the reach of training, and its quantity."""
OUTSIDE_STATION = "outside_station"
OUTSIDE_FAMILY = "outside_family"
"""Marks a station of training with a channel family that it did not have there."""
SHOWN = 3
"""Culprits that a warning names."""


def add_marks(table: pd.DataFrame, trained: Trained) -> None:
    """Mark what lies outside the reach of training.

    Args:
        table: Rows in a dataset's own columns, to which the marks are added.
        trained: The model, without a condition of which nothing is marked.
    """
    hull = trained.hull if trained.conditional else None
    for mark, quantity in MARKS.items():
        values = table[REACHES[quantity]].to_numpy(dtype=np.float64, na_value=np.nan)
        outside = (
            np.zeros(len(table), dtype=np.bool_) if hull is None else ~getattr(hull, quantity).holds(values)
        )
        unknown = ~np.isfinite(values) if hull is not None else np.ones(len(table), dtype=np.bool_)
        table[mark] = pd.arrays.BooleanArray(outside, unknown)
    table[OUTSIDE_FAR] = pd.array(
        [pd.NA] * len(table) if hull is None else _far(table, hull), dtype="boolean"
    )
    names = station_names(table)
    unseen: Any = [name not in set(trained.conditions.stations) for name in names]
    table[OUTSIDE_STATION] = pd.array(
        unseen if trained.conditional else [pd.NA] * len(table), dtype="boolean"
    )
    pairs = zip(names, table["trace_channel"].astype(str), strict=True)
    new: Any = [pd.NA if hull is None else _is_new(hull, station, family) for station, family in pairs]
    table[OUTSIDE_FAMILY] = pd.array(new, dtype="boolean")


def hull_warnings(requests: pd.DataFrame, hull: TrainingHull | None) -> list[str]:
    """Say by name what lies outside the reach of training.

    Args:
        requests: As ``request_table`` returns them.
        hull: The reach; None is unknown.

    Returns:
        One line for each quantity that some request leaves, with the first requests, counted from 1 as in
        names of files, and the number of all.
    """
    lines = []
    for mark, quantity in MARKS.items():
        outside = requests[requests[mark].fillna(value=False)]
        if len(outside) and hull is not None:
            reach = getattr(hull, quantity)
            known = "unknown" if reach.lowest is None else f"{reach.lowest:g} to {reach.highest:g}"
            values = [f"{value:g}" for value in outside[REACHES[quantity]]]
            lines.append(f"{quantity} outside the training data ({known}): {_listed(outside, values)}")
    outside = requests[requests[OUTSIDE_STATION].fillna(value=False)]
    if len(outside):
        lines.append(f"station not among those of training: {_listed(outside, station_names(outside))}")
    outside = requests[requests[OUTSIDE_FAMILY].fillna(value=False)]
    if len(outside):
        pairs = zip(station_names(outside), outside["trace_channel"], strict=True)
        names = [f"{family} of {station}" for station, family in pairs]
        lines.append(f"channel family not seen at its station in training: {_listed(outside, names)}")
    return lines


def _far(table: pd.DataFrame, hull: TrainingHull) -> NDArray[np.bool_]:
    """Tell which rows have some value far beyond the reach of training."""
    columns = {name: table[column].to_numpy(np.float64, na_value=np.nan) for name, column in REACHES.items()}
    far = [is_far(values, getattr(hull, name), name) for name, values in columns.items()]
    return np.asarray(np.any(far, axis=0), dtype=np.bool_)


def _is_new(hull: TrainingHull, station: str, family: str) -> Any:  # noqa: ANN401 - a cell of a table
    """Tell whether a station of training had no records of a family; null where that is not known."""
    seen = hull.families_of(station)
    if family in seen:
        return False
    return True if seen and hull.station_families is not None else pd.NA


def _listed(requests: pd.DataFrame, values: Sequence[str]) -> str:
    """Name the first requests with their values, and count the others."""
    pairs = list(zip(requests["request"], values, strict=True))
    shown = ", ".join(f"{value} (request {request + 1})" for request, value in pairs[:SHOWN])
    return shown + (f" and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else "")
