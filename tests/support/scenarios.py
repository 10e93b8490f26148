"""Requests that the tiny models of the tests can answer."""

from typing import Any

from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import Wanted, parse


def inside(trained: Trained, **changes: Any) -> Wanted:  # noqa: ANN401 - values of any setting
    """Return a request within the reach of training, at one of its stations."""
    assert trained.hull is not None
    magnitude, depth_km = trained.hull.magnitude.lowest, trained.hull.depth_km.lowest
    place = trained.conditions.places[0]
    values = {
        "magnitude": magnitude,
        "latitude_deg": place.latitude_deg + 0.3,
        "longitude_deg": place.longitude_deg,
        "depth_km": depth_km,
        "station": trained.conditions.stations[0],
        "origin_time": "2024-02-29T12:00:00.5",
    }
    return parse({**values, **changes})
