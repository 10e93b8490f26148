"""What is known of the steps between two records: the earthquake moves, the station stays.

Magnitude and depth go straight, the epicentre along the great circle, and the figures of the path follow from
both. What has no between, first of all the station, is the source's in every step but the last, which is the
target as it is.
"""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.generation.interpolation import spherical
from seismic_lightning.records.sphere import great_circle

WEIGHT_COLUMN, STEP_COLUMN = "interpolation_target_weight", "interpolation_step"
"""Columns that tell a step's place between source (0) and target (1)."""
_LATITUDE, _LONGITUDE = "source_latitude_deg", "source_longitude_deg"
_DEPTH, _MAGNITUDE = "source_depth_km", "source_magnitude"
_PATH_COLUMNS = ("path_ep_distance_km", "path_hyp_distance_km", "path_back_azimuth_deg")
_WITHOUT_BETWEEN = ("trace_s_arrival_sample",)
"""Measured on a record, and unknown for one that is between two."""


def metadata_between(ends: pd.DataFrame, weights: Tensor, unknown_depth_km: float) -> pd.DataFrame:
    """Make one row of metadata per step between two records.

    Args:
        ends: Two rows, source and target, in the dataset's columns.
        weights: ``(S,)`` shares of the target, ascending.
        unknown_depth_km: What an unknown depth counts as between the ends, where only one of them is known;
            at the end itself it stays unknown.

    Returns:
        ``S`` rows with ``interpolation_step`` and ``interpolation_target_weight``; those of weight 0 and 1
        are the ends as they were given.
    """
    share = weights.numpy()
    rows = ends.iloc[np.where(share < 1.0, 0, 1)].reset_index(drop=True)
    inside = (share > 0.0) & (share < 1.0)
    latitude_deg, longitude_deg = _great_circle_path(ends, weights)
    depth_km = _numbers(ends, _DEPTH)
    if np.isfinite(depth_km).any():
        depth_km = np.nan_to_num(depth_km, nan=unknown_depth_km)
    moved = {
        _MAGNITUDE: _straight(_numbers(ends, _MAGNITUDE), share),
        _LATITUDE: latitude_deg,
        _LONGITUDE: longitude_deg,
        _DEPTH: _straight(depth_km, share),
    }
    moved.update({name: np.full(len(rows), np.nan) for name in _WITHOUT_BETWEEN if name in rows})
    moved.update(_paths(rows.assign(**moved)))
    for name, values in moved.items():
        kept = rows[name].to_numpy(dtype=np.float64, na_value=np.nan) if name in rows else values
        rows[name] = np.where(inside, values, kept)
    rows[STEP_COLUMN] = np.arange(len(rows))
    rows[WEIGHT_COLUMN] = share
    return rows


def _straight(ends: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((1.0 - share) * ends[0] + share * ends[1])


def _great_circle_path(
    ends: pd.DataFrame, weights: Tensor
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitudes and longitudes of the epicentres, in the convention of the ends' longitudes."""
    latitude, longitude = np.deg2rad(_numbers(ends, _LATITUDE)), np.deg2rad(_numbers(ends, _LONGITUDE))
    level = np.cos(latitude)
    points = np.stack([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)], axis=1)
    x, y, z = spherical(torch.from_numpy(points), weights).numpy().T
    longitude_deg = np.rad2deg(np.arctan2(y, x))
    if (longitude >= 0.0).all():
        longitude_deg = longitude_deg % 360.0  # also beyond the date line, where such datasets count on
    return np.rad2deg(np.arctan2(z, np.hypot(x, y))), longitude_deg


def _paths(rows: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return distances and back-azimuth, NaN where the station's place is unknown."""
    stations = [
        _numbers(rows, name) if name in rows else np.full(len(rows), np.nan)
        for name in ("station_latitude_deg", "station_longitude_deg")
    ]
    distance_km, back_azimuth_deg = great_circle(
        (_numbers(rows, _LATITUDE), _numbers(rows, _LONGITUDE)), (stations[0], stations[1])
    )
    figures = (distance_km, np.hypot(distance_km, _numbers(rows, _DEPTH)), back_azimuth_deg)
    return dict(zip(_PATH_COLUMNS, figures, strict=True))


def _numbers(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
