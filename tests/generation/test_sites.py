"""A station has one sensitivity for all components asked for, or none; and the families that it had."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import obspy
import pytest
from support.scenarios import inside

from seismic_lightning.codes import SeedId
from seismic_lightning.data.hull import TrainingHull
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.request import Manner, request_table
from seismic_lightning.generation.trained import Trained
from seismic_lightning.records.inventory import Epoch, Inventory


@pytest.fixture(scope="module")
def trained(cvae_checkpoint: Path) -> Trained:
    return Trained.read(cvae_checkpoint)


def stated(trained: Trained, **sensitivities: float | None) -> Inventory:
    """Return metadata of the first station of training; ``Z``, or ``Z_10`` for one of location 10."""
    network, _, station = trained.conditions.stations[0].partition(".")
    return Inventory(
        Epoch(
            SeedId(network, station, name[2:], f"HH{name[0]}"),
            *(None, None, 40.5, 29.5, 12.0, None, None, value, None if value is None else "mps"),
        )
        for name, value in sensitivities.items()
    )


@pytest.mark.parametrize(
    ("sensitivities", "told"),
    [
        ({"Z": 1e9, "N": 5e8, "E": 5e8}, "HHE 5e+08 per mps, HHN 5e+08 per mps, HHZ 1e+09 per mps"),
        ({"Z": 1e9, "N": -1e9, "E": 1e9}, "HHN -1e+09 per mps"),
        ({"Z": 1e9, "N": None, "E": 1e9}, "HHN unknown"),
        ({"Z": 1e9, "Z_10": 2e9}, r"10\.HHZ 2e\+09 per mps"),
        ({"Z": 0.0, "N": 0.0, "E": 0.0}, "states what no instrument has: .*HHZ 0 per mps"),
    ],
)
def test_components_that_share_no_sensitivity_have_none(
    trained: Trained, sensitivities: dict[str, float | None], told: str
) -> None:
    wanted, inventory = [inside(trained, family="HH")], stated(trained, **sensitivities)
    told = told if "\\" in told or ".*" in told else told.replace("+", r"\+")
    with pytest.raises(ConfigurationError, match=rf"there is no sensitivity \(.*{told}"):
        request_table(trained, wanted, Manner(inventory, unit="counts"))
    generation = prepare(trained, wanted, manner=Manner(inventory))  # not needed: said, and left unknown
    assert generation.requests["trace_sensitivity_counts_per_mps"].isna().all()
    name = trained.conditions.stations[0]
    assert f"{name} HH: its sensitivity is left unknown: " in "\n".join(generation.warnings())


def test_one_component_asks_for_its_own_alone(trained: Trained) -> None:
    vertical = replace(trained, components="Z")
    manner = Manner(stated(trained, Z=1e9, N=5e8, E=5e8), unit="counts")
    assert request_table(vertical, [inside(trained, family="HH")], manner)["unit_factor"].tolist() == [1e9]


def test_a_negative_sensitivity_turns_counts_and_is_undone_by_its_metadata(
    trained: Trained, tmp_path: Path
) -> None:
    wanted, manner = [inside(trained, family="HH")], Manner(stated(trained, Z=-1e9, N=-1e9, E=-1e9))
    motion = prepare(trained, wanted, manner=manner).write(tmp_path / "motion").folder
    turned = prepare(trained, wanted, manner=replace(manner, unit="counts")).write(tmp_path / "counts").folder
    (first,), (second,) = (list(where.rglob("*.mseed")) for where in (motion, turned))
    stream, same = obspy.read(second), obspy.read(first)
    assert np.dot(stream[0].data.astype(float), same[0].data.astype(float)) < 0.0
    stream.remove_sensitivity(obspy.read_inventory(turned / "stations.xml"))
    assert np.allclose(stream[0].data, same[0].data, rtol=0, atol=0.51e-9)


def with_families(trained: Trained, families: dict[str, tuple[str, ...]] | None) -> Trained:
    assert trained.hull is not None
    pairs = None if families is None else tuple(families.items())
    return replace(trained, hull=replace(trained.hull, station_families=pairs))


def test_a_station_keeps_the_family_that_it_had(trained: Trained) -> None:
    assert trained.hull is not None
    name = trained.conditions.stations[0]
    most, other = trained.hull.families[:2]
    changed = with_families(trained, {name: (other,)})
    table = request_table(changed, [inside(changed), inside(changed, family=most)])
    assert table["trace_channel"].tolist() == [other, most]
    assert table["outside_family"].tolist() == [False, True]
    assert table["outside_station"].tolist() == [False, False]
    (line,) = prepare(changed, [inside(changed, family=most)]).warnings()
    assert line == f"channel family not seen at its station in training: {most} of {name} (request 1)"


def test_checkpoints_that_do_not_say_families_go_by_sensitivities(trained: Trained) -> None:
    older = with_families(trained, None)
    assert older.hull is not None
    found = older.hull.sensitivities[-1]
    assert found.family in older.hull.families_of(found.station)
    table = request_table(older, [inside(older, station=found.station, family=found.family)])
    assert table["outside_family"].tolist() == [False]
    settings = {name: value for name, value in older.hull.settings().items() if name != "station_families"}
    assert TrainingHull.from_settings(settings) == older.hull


def test_families_are_those_of_the_training_split(trained: Trained) -> None:
    assert trained.hull is not None
    assert trained.hull.station_families is not None
    assert [name for name, _ in trained.hull.station_families] == list(trained.conditions.stations)
    assert {family for _, own in trained.hull.station_families for family in own} == set(
        trained.hull.families
    )
