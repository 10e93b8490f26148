"""Conditions are scaled by the training split alone and survive a checkpoint."""

import pandas as pd
import torch

from seismic_lightning.data.condition import ConditionScaling

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
