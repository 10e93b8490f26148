"""Bins of magnitude and distance, in which records are comparable."""

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import finite

MAGNITUDE_EDGES = (0.5, 1.5, 2.5, 3.5, 5.0)
DISTANCE_EDGES_KM = (0.0, 30.0, 60.0, 120.0)


class Bins:
    """Half-open cells of magnitude and distance.

    Example:
        >>> bins = Bins((1.0, 2.0, 3.0), (0.0, 50.0, 100.0))
        >>> bins.names
        ('M1-2 0-50km', 'M1-2 50-100km', 'M2-3 0-50km', 'M2-3 50-100km')
        >>> bins.place([2.0, 1.5, 4.0], [20.0, 50.0, 20.0])
        array([ 2,  1, -1])
    """

    def __init__(
        self,
        magnitude_edges: tuple[float, ...] = MAGNITUDE_EDGES,
        distance_edges_km: tuple[float, ...] = DISTANCE_EDGES_KM,
    ) -> None:
        """Keep the edges.

        Args:
            magnitude_edges: Rising.
            distance_edges_km: Rising.

        Raises:
            EvaluationError: Edges that make no bin.
        """
        for name, edges in (("magnitude", magnitude_edges), ("distance", distance_edges_km)):
            if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
                raise EvaluationError(f"bins of {name}: two or more rising edges are asked for, got {edges}")
        self.magnitude_edges = magnitude_edges
        self.distance_edges_km = distance_edges_km

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bins, distance running fastest."""
        return tuple(
            f"M{low:g}-{high:g} {near:g}-{far:g}km"
            for low, high in pairwise(self.magnitude_edges)
            for near, far in pairwise(self.distance_edges_km)
        )

    def place(self, magnitude: ArrayLike, distance_km: ArrayLike) -> NDArray[np.int64]:
        """Find the bin of each record.

        Args:
            magnitude: ``(B,)``.
            distance_km: ``(B,)``.

        Returns:
            ``(B,)`` place in ``names``, -1 outside all bins.

        Raises:
            EvaluationError: A magnitude or distance that is not finite.
        """
        inside = np.ones(np.shape(magnitude), dtype=np.bool_)
        places = []
        for name, values, edges in (
            ("magnitude", magnitude, self.magnitude_edges),
            ("distance", distance_km, self.distance_edges_km),
        ):
            place = np.searchsorted(edges, finite(name, values, 1), side="right") - 1
            inside &= (place >= 0) & (place < len(edges) - 1)
            places.append(place)
        return np.where(inside, places[0] * (len(self.distance_edges_km) - 1) + places[1], -1)


def residuals_by_bin(residual: ArrayLike, place: NDArray[np.int64], bins: Bins) -> pd.DataFrame:
    """Return bias and scatter of residuals in each bin, empty bins too.

    Args:
        residual: ``(B,)`` logarithm of generated over observed, any base.
        place: ``(B,)`` of ``Bins.place``.
        bins: The bins.

    Returns:
        One row per bin with ``bin``, ``n_records``, ``bias`` and ``sd`` (null below one and two records);
        last a row ``outside`` for records in no bin.

    Raises:
        EvaluationError: Values are not finite, do not fit the places, or no record lies in any bin.
    """
    values = finite("residuals", residual, 1)
    if place.shape != values.shape:
        raise EvaluationError(f"residuals: {len(values)} of them for {place.shape} places in bins")
    if not (place >= 0).any():
        raise EvaluationError(
            f"residuals: none of {len(values)} records lies within magnitudes {bins.magnitude_edges} and "
            f"distances {bins.distance_edges_km} km"
        )
    rows = []
    for name, number in [*((name, number) for number, name in enumerate(bins.names)), ("outside", -1)]:
        chosen = values[place == number]
        rows.append(
            {
                "bin": name,
                "n_records": len(chosen),
                "bias": chosen.mean() if len(chosen) else np.nan,
                "sd": chosen.std(ddof=1) if len(chosen) > 1 else np.nan,
            }
        )
    return pd.DataFrame(rows)
