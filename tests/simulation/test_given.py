"""A given earthquake: the seeds of stations and records are two, and its archive is like any other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from obspy import read_events

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.catalogue import read_quakeml
from seismic_lightning.simulation.archive import simulate_archive
from seismic_lightning.simulation.given import ORIGIN_S, GivenEarthquake
from seismic_lightning.simulation.identity import simulation_id
from seismic_lightning.simulation.network import make_network
from seismic_lightning.simulation.request import Earthquake


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


GIVEN = Earthquake(3.5, 40.72, 28.9, 8.0, ("ADVT", "YLV", "MRMT"))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given") / "archive"
    made = simulate_archive(folder, GIVEN)
    assert (made.events, made.records, made.artefacts) == (1, {"HH": 3}, {})
    return folder


def test_another_seed_is_the_same_earthquake_at_the_same_stations(given: Path, tmp_path: Path) -> None:
    other = simulate_archive(tmp_path / "other", replace(GIVEN, seed=1))
    assert other.simulation_id != simulation_id(GIVEN)
    first, second = (pd.read_parquet(folder / "truth.parquet") for folder in (given, other.folder))
    drawn_anew = {"site_factor", "noise_level_db"}  # with the scatter of a record
    for column in set(first.columns) - drawn_anew:
        np.testing.assert_array_equal(first[column], second[column], err_msg=column)
    assert (first[list(drawn_anew)] != second[list(drawn_anew)]).all(axis=None)
    ours, theirs = content(given), content(other.folder)
    assert ours.keys() == theirs.keys()
    differing = {name for name in ours if ours[name] != theirs[name]}
    assert differing == {*first["file"], "truth.parquet", "simulation.json"}


def test_another_network_is_other_stations_with_the_same_earthquake(given: Path, tmp_path: Path) -> None:
    simulate_archive(tmp_path / "other", replace(GIVEN, network_seed=1))
    first, second = (pd.read_parquet(folder / "truth.parquet") for folder in (given, tmp_path / "other"))
    assert (first["kappa_s"] != second["kappa_s"]).all()
    assert first["moment_nm"].equals(second["moment_nm"])
    population = make_network(seed=1)
    rows = [population.index(code) for code in GIVEN.stations]
    np.testing.assert_array_equal(second["kappa_s"], population.kappa_s[rows])


def test_a_given_record_does_not_depend_on_the_other_stations(given: Path, tmp_path: Path) -> None:
    simulate_archive(tmp_path / "alone", replace(GIVEN, stations=("YLV",)))
    [name] = [name for name in content(tmp_path / "alone") if name.endswith(".mseed")]
    assert content(tmp_path / "alone")[name] == content(given)[name]


def test_the_readings_of_a_given_earthquake_are_those_of_any_archive(given: Path) -> None:
    catalogue = read_quakeml(given / "catalogue.xml")
    assert [event.magnitude for event in catalogue.events.values()] == [GIVEN.magnitude]
    assert [pick.phase for pick in catalogue.picks].count("Pg") == 3
    assert all(pick.time_ns % 100_000_000 == 0 for pick in catalogue.picks)
    [bulletin] = read_events(str(given / "bulletins" / "2025.txt"), format="GSE2")
    assert {pick.time.ns for pick in bulletin.picks} == {pick.time_ns for pick in catalogue.picks}
    truth = pd.read_parquet(given / "truth.parquet")
    np.testing.assert_allclose(truth["p_pick_ns"], truth["p_arrival_ns"], atol=50_000_001, rtol=0)
    p_s = (truth["p_arrival_ns"] - truth["start_ns"]) / 1e9
    np.testing.assert_allclose(p_s, truth["p_arrival_s"], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"stations": ()}, "give station codes"),
        ({"stations": ("YLV", "YLV")}, "names YLV twice"),
        ({"stations": ("NONE",)}, "station='NONE': give one of ADVT"),
        ({"latitude_deg": 36.0}, "station=ADVT lies .* the simulator reaches"),
        ({"magnitude": 7.5}, "magnitude=7.5: give a local magnitude from -1 to 7"),
        ({"depth_km": 700.0}, "depth_km=700"),
        ({"family": "EH"}, "family='EH': station ADVT has HH"),
        ({"seed": -1}, "seed=-1"),
        ({"network_seed": -2}, "network_seed=-2"),
        ({"bh_rate_hz": 40.0}, "bh_rate_hz=40"),
    ],
)
def test_what_the_simulator_does_not_reach_is_refused(
    change: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        simulate_archive(tmp_path / "archive", replace(GIVEN, **change))
    assert list(tmp_path.iterdir()) == []


def test_the_whole_network_is_in_operation_when_a_given_earthquake_happens() -> None:
    network = make_network(seed=0)
    assert network.start_ns.max() < ORIGIN_S * 10**9


def test_a_block_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="block=1: give 0 to 0"):
        GivenEarthquake(GIVEN).block(1)
