"""What lies far beyond the training data is refused with a remedy, unless the user insists."""

from pathlib import Path

import pytest
from support.scenarios import inside

from seismic_lightning.data.hull import Reach
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.draw import DrawSettings
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.limits import is_far, margins
from seismic_lightning.generation.request import Manner
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import NEEDED, Wanted, read_scenarios


@pytest.fixture(scope="module")
def trained(cvae_checkpoint: Path) -> Trained:
    return Trained.read(cvae_checkpoint)


def swapped(trained: Trained) -> Wanted:
    """Return a request within reach, with latitude and longitude exchanged."""
    right = inside(trained)
    return inside(trained, latitude_deg=right.longitude_deg, longitude_deg=right.latitude_deg)


def test_half_of_the_reach_beyond_it_is_near_and_a_narrow_one_has_a_least_margin() -> None:
    assert margins(Reach(0.8, 4.8), "magnitude") == pytest.approx((-1.2, 6.8))
    assert margins(Reach(2.0, 2.0), "magnitude") == (1.0, 3.0)
    values = [-1.3, -1.2, 6.8, 6.9, float("nan")]
    assert is_far(values, Reach(0.8, 4.8), "magnitude").tolist() == [True, False, False, True, False]
    assert not is_far([1e9], Reach(None, None), "depth_km").any()


def test_what_is_far_names_value_reach_and_remedy(trained: Trained) -> None:
    assert trained.hull is not None
    reach = trained.hull.magnitude
    told = rf"magnitude=9 is far .* {reach.lowest:g} to {reach.highest:g}; give .*; allow_far=true draws it"
    with pytest.raises(ConfigurationError, match=told):
        prepare(trained, [inside(trained, magnitude=9.0)])
    with pytest.raises(ConfigurationError, match=r"depth_km=600 is far .*\(1 more likewise"):
        prepare(trained, [inside(trained), *[inside(trained, depth_km=600.0)] * 2])


def test_swapped_coordinates_are_taken_for_what_they_are(trained: Trained) -> None:
    right = inside(trained)
    remedy = f"were they swapped. latitude_deg={right.latitude_deg:g} longitude_deg={right.longitude_deg:g}"
    with pytest.raises(ConfigurationError, match=f"km from station .*{remedy}"):
        prepare(trained, [swapped(trained)])
    with pytest.raises(ConfigurationError, match="km from station") as refused:
        prepare(trained, [inside(trained, latitude_deg=-60.0, longitude_deg=100.0)])
    assert "swapped" not in str(refused.value)


def test_a_row_of_a_file_is_named_by_its_line(trained: Trained, tmp_path: Path) -> None:
    rows = [inside(trained), inside(trained, magnitude=9.0)]
    lines = [",".join(str(getattr(row, name)) for name in NEEDED) for row in rows]
    path = tmp_path / "scenarios.csv"
    path.write_text("\n".join([",".join(NEEDED), *lines]))
    with pytest.raises(ConfigurationError, match=r"scenarios\.csv, line 3: magnitude=9 is far"):
        prepare(trained, read_scenarios(path, {}))


def test_who_insists_gets_it_marked(trained: Trained) -> None:
    wanted = [inside(trained), swapped(trained)]
    generation = prepare(trained, wanted, manner=Manner(allow_far=True))
    assert generation.requests["outside_far"].tolist() == [False, True]
    assert "hypocentral_distance_km outside the training data" in "\n".join(generation.warnings())


def test_a_temperature_that_training_never_knew_is_refused() -> None:
    for wrong in (2.1, 50.0, -0.1, float("nan")):
        with pytest.raises(ConfigurationError, match=f"temperature={wrong:g}: .* 0"):
            DrawSettings(temperature=wrong)
    assert DrawSettings(temperature=50.0, allow_far=True).temperature == 50.0
    assert DrawSettings(temperature=2.0).temperature == 2.0
