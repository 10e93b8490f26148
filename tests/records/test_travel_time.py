"""First arrivals agree with ObsPy's own."""

import pytest
from obspy.taup import TauPyModel

from seismic_lightning.records.travel_time import p_travel_time_s


@pytest.fixture(scope="module")
def model() -> TauPyModel:
    return TauPyModel("iasp91")


@pytest.mark.parametrize("depth_km", [0.0, 3.3, 10.0, 34.9, 120.0])
@pytest.mark.parametrize("distance_deg", [0.01, 0.5, 1.3, 12.0, 60.0])
def test_the_first_of_the_four_phases_is_taken(
    model: TauPyModel, depth_km: float, distance_deg: float
) -> None:
    arrivals = model.get_travel_times(depth_km, distance_deg, ["P", "p", "Pn", "Pg"])
    assert p_travel_time_s(depth_km, distance_deg) == pytest.approx(arrivals[0].time, abs=1e-6)


def test_sources_above_sea_level_are_put_at_the_surface() -> None:
    assert p_travel_time_s(-1.2, 0.3) == p_travel_time_s(0.0, 0.3)


def test_nothing_arrives_in_the_shadow_of_the_core() -> None:
    assert p_travel_time_s(10.0, 120.0) is None
