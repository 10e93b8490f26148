"""Conditions are scaled by the training split alone and survive a checkpoint."""

import math

import pandas as pd
import pytest
import torch

from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.sphere import great_circle
from seismic_lightning.records.travel_time import KOERI

TRAIN = pd.DataFrame(
    {
        "source_magnitude": [1.0, 2.0, 3.0],
        "source_latitude_deg": [40.0, 40.5, 41.0],
        "source_longitude_deg": [28.1, 28.1, 28.1],
        "source_depth_km": [5.0, None, 15.0],
        "station_network_code": ["KO", "KO", None],
        "station_code": ["ADVT", "ISK", "XX1"],
    }
)


def test_training_values_are_standardised() -> None:
    condition = ConditionScaling.fit(TRAIN)(TRAIN)
    assert torch.allclose(condition.magnitude.mean(), torch.tensor(0.0), atol=1e-6)
    assert torch.allclose(condition.magnitude.std(correction=0), torch.tensor(1.0))
    assert condition.location.shape == (3, 3)


def test_a_constant_quantity_stays_finite_and_an_unknown_depth_is_the_mean() -> None:
    location = ConditionScaling.fit(TRAIN)(TRAIN).location
    elsewhere = TRAIN.assign(source_longitude_deg=29.1)
    assert torch.allclose(ConditionScaling.fit(TRAIN)(elsewhere).location[:, 1], torch.ones(3))
    assert torch.allclose(location[:, 1], torch.zeros(3), atol=1e-6)
    assert location[1, 2] == 0.0
    assert location[0, 2] == -location[2, 2]


def test_an_unseen_station_has_place_zero_and_known_ones_do_not() -> None:
    scaling = ConditionScaling.fit(TRAIN)
    unseen = TRAIN.assign(station_code=["ADVT", "NEW", "XX1"])
    assert scaling(unseen).station.tolist() == [2, 0, 1]
    assert scaling.n_stations == 4


def test_settings_round_trip() -> None:
    scaling = ConditionScaling.fit(TRAIN)
    again = ConditionScaling.from_settings(scaling.settings())
    assert again == scaling
    assert all(torch.equal(a, b) for a, b in zip(again(TRAIN), scaling(TRAIN), strict=True))


PLACED = TRAIN.assign(
    station_latitude_deg=[40.5, 41.07, 40.9],
    station_longitude_deg=[29.0, 29.06, 27.9],
    station_elevation_m=[100.0, math.nan, -3.0],
)


def test_physics_is_what_the_travel_time_model_and_the_sphere_say() -> None:
    scaling = ConditionScaling.fit(PLACED, "physics")
    condition = scaling(PLACED)
    assert condition.location.shape == (3, 5)
    assert scaling.n_location == 5
    figures = torch.stack(
        [
            column * scale.std + scale.mean
            for column, scale in zip(condition.location.T, scaling.path, strict=True)
        ]
    ).T
    distance_km, back_azimuth_deg = great_circle((41.0, 28.1), (40.9, 27.9))
    arrivals = KOERI.arrivals(distance_km, 15.0)
    azimuth_rad = math.radians(float(back_azimuth_deg))
    expected = [
        math.log10(math.hypot(float(distance_km), 15.0)),
        math.sin(azimuth_rad),
        math.cos(azimuth_rad),
    ]
    expected += [float(arrivals.p_s), float(arrivals.s_s - arrivals.p_s)]
    assert figures[2].tolist() == pytest.approx(expected, abs=1e-4)
    assert torch.isfinite(condition.location).all()  # the second depth is unknown


def test_a_request_needs_no_more_than_a_place_and_a_known_station() -> None:
    scaling = ConditionScaling.from_settings(ConditionScaling.fit(PLACED, "physics").settings())
    request = PLACED.drop(columns=["station_latitude_deg", "station_longitude_deg", "station_elevation_m"])
    assert torch.equal(scaling(request).location, scaling(PLACED).location)


def test_a_new_station_is_placed_by_its_coordinates_or_refused_by_name() -> None:
    scaling = ConditionScaling.fit(PLACED, "physics")
    new = PLACED.assign(station_code=["NEW", "ISK", "XX1"])
    assert torch.equal(scaling(new).location, scaling(PLACED).location)
    with pytest.raises(ConfigurationError, match=r"station KO\.NEW: condition=physics needs"):
        scaling(new.drop(columns=["station_latitude_deg"]))


def test_the_vocabulary_knows_where_its_stations_stand() -> None:
    scaling = ConditionScaling.fit(PLACED)
    assert scaling.stations == (".XX1", "KO.ADVT", "KO.ISK")
    assert scaling.places[:2] == ((40.9, 27.9, -3.0), (40.5, 29.0, 100.0))
    assert math.isnan(scaling.places[2].elevation_m)


def test_settings_of_before_are_understood() -> None:
    old = ConditionScaling.fit(PLACED).settings()
    del old["places"], old["path"]
    scaling = ConditionScaling.from_settings(old)
    assert (scaling.features, scaling.n_location, scaling.places) == ("location", 3, ())
    assert torch.equal(scaling(PLACED).location, ConditionScaling.fit(PLACED)(PLACED).location)


def test_other_features_are_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"condition\.features=none: choose one of location, physics"
    ):
        ConditionScaling.fit(PLACED, "none")
