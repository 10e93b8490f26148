"""How far from its training a model may be asked: a little with a warning, far off only where insisted on.

A value is far off where it lies beyond the reach of the training split by more than half of that reach, or by
more than a least margin where the reach is narrow. A model has never been near such a value, and what it
draws there looks like a record all the same.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.data.hull import REACHES, Reach, TrainingHull
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.wanted import Wanted
from seismic_lightning.records.sphere import great_circle

FAR_SHARE = 0.5
"""Part of the training's reach beyond which a value is far off."""
LEAST_MARGINS = {"magnitude": 1.0, "depth_km": 10.0, "hypocentral_distance_km": 50.0}
"""What is never far off, however narrow the reach; the distance last, as depth has its part in it."""
HIGHEST_TEMPERATURE = 2.0
"""Latents spread twice as far as the decoder knows them."""
OUTSIDE_FAR = "outside_far"
"""Column that marks records far beyond the training data."""
_INSIST = "allow_far=true draws it nonetheless"


def check_temperature(temperature: float, *, allow_far: bool = False) -> None:
    """Refuse a factor on the spread of latents that no decoder has learnt to decode.

    Args:
        temperature: The factor.
        allow_far: Whether the user insists.

    Raises:
        ConfigurationError: It is no number of 0 or more, or too high.
    """
    if not (math.isfinite(temperature) and temperature >= 0):
        raise ConfigurationError(f"temperature={temperature}: give a number of 0 or more")
    if temperature > HIGHEST_TEMPERATURE and not allow_far:
        raise ConfigurationError(
            f"temperature={temperature:g}: the model was trained at 1; give a number from 0 to "
            f"{HIGHEST_TEMPERATURE:g}, or {_INSIST}"
        )


def margins(reach: Reach, quantity: str) -> tuple[float, float]:
    """Return the least and the greatest value that are not far off.

    Args:
        reach: Of the training split.
        quantity: One of ``REACHES``.

    Example:
        >>> margins(Reach(1.0, 5.0), "magnitude")
        (-1.0, 7.0)
    """
    if reach.lowest is None or reach.highest is None:
        return -math.inf, math.inf
    margin = max(FAR_SHARE * (reach.highest - reach.lowest), LEAST_MARGINS[quantity])
    return reach.lowest - margin, reach.highest + margin


def is_far(values: ArrayLike, reach: Reach, quantity: str) -> NDArray[np.bool_]:
    """Tell which values are far off; an unknown one is not.

    Args:
        values: Of the quantity.
        reach: Of the training split.
        quantity: One of ``REACHES``.
    """
    low, high = margins(reach, quantity)
    known = np.asarray(values, dtype=np.float64)
    return np.asarray((known < low) | (known > high), dtype=np.bool_)


def refuse_far(requests: pd.DataFrame, wanted: Sequence[Wanted], hull: TrainingHull | None) -> None:
    """Refuse requests that are far beyond the training data.

    Args:
        requests: One row per request with its marks.
        wanted: The requests in the same order.
        hull: What training reached.

    Raises:
        ConfigurationError: Naming the first such value, what training reached and what to do.
    """
    far = requests[requests[OUTSIDE_FAR].fillna(value=False)]
    if far.empty or hull is None:
        return
    row = far.iloc[0].to_dict()
    others = f" ({len(far) - 1} more likewise)" if len(far) > 1 else ""
    where = wanted[int(row["request"])].where
    raise ConfigurationError(f"{where}{_fault(row, hull)}; {_INSIST}{others}")


def _fault(row: Mapping[Any, Any], hull: TrainingHull) -> str:
    """Say what of a request is far off, and what would be accepted."""
    quantity = next(
        name for name in LEAST_MARGINS if is_far([row[REACHES[name]]], getattr(hull, name), name)[0]
    )
    value, reach = float(row[REACHES[quantity]]), getattr(hull, quantity)
    low, high = margins(reach, quantity)
    trained = f"far beyond the training data, {reach.lowest:.4g} to {reach.highest:.4g}"
    if quantity != "hypocentral_distance_km":
        return f"{quantity}={value:g} is {trained}; give {low:.4g} to {high:.4g}"
    latitude_deg, longitude_deg = row["source_latitude_deg"], row["source_longitude_deg"]
    swapped_km = _distance_km(row, longitude_deg, latitude_deg)
    swap = (
        f"were they swapped? latitude_deg={longitude_deg:g} longitude_deg={latitude_deg:g} lies "
        f"{swapped_km:.0f} km off; else "
        if bool(reach.holds([swapped_km])[0])
        else ""
    )
    return (
        f"latitude_deg={latitude_deg:g} longitude_deg={longitude_deg:g}: {value:.0f} km from station "
        f"{row['station_code']} is {trained} km; {swap}give a place within {high:.0f} km"
    )


def _distance_km(row: Mapping[Any, Any], latitude_deg: float, longitude_deg: float) -> float:
    """Return the hypocentral distance of another epicentre; NaN where there is no such place."""
    if not -90.0 <= latitude_deg <= 90.0:
        return math.nan
    station = (row["station_latitude_deg"], row["station_longitude_deg"])
    epicentral_km, _ = great_circle((latitude_deg, longitude_deg), station)
    return float(np.hypot(epicentral_km, row["source_depth_km"]))
