"""Conditions between two records."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from obspy.geodetics import locations2degrees

from seismic_lightning.generation.between import STEP_COLUMN, WEIGHT_COLUMN, metadata_between
from seismic_lightning.generation.interpolation import even_weights
from seismic_lightning.records.sphere import great_circle

WEIGHTS = even_weights(5)
ISK = {
    "station_code": "ISK",
    "station_network_code": "KO",
    "station_latitude_deg": 41.07,
    "station_longitude_deg": 29.06,
}
SOURCE: dict[str, Any] = {
    "source_id": "a",
    "source_magnitude": 2.0,
    "source_latitude_deg": 40.7,
    "source_longitude_deg": 27.5,
    "source_depth_km": 5.0,
    "trace_s_arrival_sample": 2500.0,
    "path_ep_distance_km": 137.0,
    **ISK,
}
TARGET = {
    **SOURCE,
    "source_id": "b",
    "source_magnitude": 4.0,
    "source_longitude_deg": 29.9,
    "source_depth_km": 15.0,
    "path_ep_distance_km": 81.0,
}


def between(source: dict[str, Any] | None = None, target: dict[str, Any] | None = None) -> pd.DataFrame:
    return metadata_between(pd.DataFrame([SOURCE | (source or {}), TARGET | (target or {})]), WEIGHTS, 8.0)


def test_ends_are_the_rows_that_were_given_and_the_earthquake_moves_between() -> None:
    rows = between()
    for place, end in ((0, SOURCE), (-1, TARGET)):
        assert rows.iloc[place][list(end)].to_dict() == end
    assert rows[STEP_COLUMN].tolist() == [0, 1, 2, 3, 4]
    assert rows[WEIGHT_COLUMN].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    np.testing.assert_allclose(rows["source_magnitude"], [2.0, 2.5, 3.0, 3.5, 4.0])
    np.testing.assert_allclose(rows["source_depth_km"], [5.0, 7.5, 10.0, 12.5, 15.0])
    assert rows["trace_s_arrival_sample"].isna().tolist() == [False, True, True, True, False]


def test_the_epicentre_goes_along_the_great_circle_in_even_strides() -> None:
    rows = between({"source_latitude_deg": 10.0, "source_longitude_deg": -60.0})
    places = rows[["source_latitude_deg", "source_longitude_deg"]].to_numpy()
    strides = [float(locations2degrees(*a, *b)) for a, b in pairwise(places)]
    np.testing.assert_allclose(strides, strides[0])
    assert sum(strides) == pytest.approx(locations2degrees(*places[0], *places[-1]))


def test_distances_are_those_of_the_moved_earthquake_at_the_station() -> None:
    rows = between()
    middle = rows.iloc[2]
    place = (middle["source_latitude_deg"], middle["source_longitude_deg"])
    distance_km, back_azimuth_deg = great_circle(place, (41.07, 29.06))
    assert middle["path_ep_distance_km"] == pytest.approx(float(distance_km))
    assert middle["path_hyp_distance_km"] == pytest.approx(np.hypot(float(distance_km), 10.0))
    assert middle["path_back_azimuth_deg"] == pytest.approx(float(back_azimuth_deg))


@pytest.mark.parametrize(
    ("source_deg", "target_deg", "middle_deg"),
    [(179.0, -179.0, 180.0), (179.0, 185.0, 182.0), (350.0, 10.0, 0.0), (-2.0, 4.0, 1.0)],
)
def test_the_date_line_is_crossed_the_short_way(
    source_deg: float, target_deg: float, middle_deg: float
) -> None:
    equator = {"source_latitude_deg": 0.0}
    rows = between(
        {"source_longitude_deg": source_deg, **equator}, {"source_longitude_deg": target_deg, **equator}
    )
    found = rows["source_longitude_deg"].iloc[2]
    assert (found - middle_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-9)
    if min(source_deg, target_deg) >= 0.0:
        assert found >= 0.0


def test_another_station_comes_with_the_target_alone() -> None:
    rows = between(None, {"station_code": "SLVT", "station_latitude_deg": 41.2})
    assert rows["station_code"].tolist() == ["ISK"] * 4 + ["SLVT"]
    assert rows["station_latitude_deg"].tolist() == [41.07] * 4 + [41.2]


def test_an_unknown_depth_counts_as_the_training_mean_between_the_ends_only() -> None:
    depth_km = between({"source_depth_km": np.nan})["source_depth_km"]
    assert np.isnan(depth_km[0])
    np.testing.assert_allclose(depth_km[1:], [9.75, 11.5, 13.25, 15.0])
    assert between({"source_depth_km": np.nan}, {"source_depth_km": np.nan})["source_depth_km"].isna().all()


def test_a_station_of_unknown_place_leaves_paths_unknown() -> None:
    lost = {"station_latitude_deg": np.nan}
    rows = between(lost, lost)
    assert rows["path_ep_distance_km"].iloc[1:-1].isna().all()
