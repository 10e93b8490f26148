"""Requests are placed where physics puts them, and marked where training never was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from obspy.geodetics import gps2dist_azimuth
from support.checkpoints import write_checkpoint
from support.scenarios import inside

from seismic_lightning.codes import SeedId
from seismic_lightning.data.condition import StationPlace
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.marks import add_marks, hull_warnings
from seismic_lightning.generation.request import Manner, expand, request_table
from seismic_lightning.generation.sites import Sites
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import parse
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.records.inventory import Epoch, Inventory
from seismic_lightning.records.travel_time import KOERI


@pytest.fixture(scope="module")
def trained(cvae_checkpoint: Path) -> Trained:
    return Trained.read(cvae_checkpoint)


def elsewhere(sensitivity: float | None = 2e9, unit: str | None = "mps") -> Inventory:
    """Return the metadata of a station that no training has seen."""
    place = (None, None, 40.5, 29.5, 12.0, 0.0, -90.0)
    return Inventory([Epoch(SeedId("XY", "NEW", "", "HHZ"), *place, sensitivity, unit)])


def test_p_arrives_after_its_travel_time_at_its_place_in_the_window(trained: Trained) -> None:
    wanted = inside(trained, depth_km=8.0)
    row = request_table(trained, [wanted]).iloc[0]
    assert wanted.latitude_deg is not None
    place = trained.conditions.places[0]
    assert wanted.longitude_deg is not None
    distance_m = gps2dist_azimuth(
        wanted.latitude_deg, wanted.longitude_deg, place.latitude_deg, place.longitude_deg
    )[0]
    assert row["path_ep_distance_km"] == pytest.approx(distance_m / 1000, rel=5e-3)  # sphere and ellipsoid
    arrivals = KOERI.arrivals(row["path_ep_distance_km"], 8.0)
    start_s = (row["trace_start_time"] - row["source_origin_time"]).total_seconds()
    assert start_s + 10.0 == pytest.approx(float(arrivals.p_s), abs=1e-6)
    assert row["trace_p_arrival_sample"] == 10.0 * trained.rate_hz
    s_s = start_s + row["trace_s_arrival_sample"] / trained.rate_hz
    assert s_s == pytest.approx(float(arrivals.s_s), abs=1e-5)
    assert row["source_origin_time"] == pd.Timestamp("2024-02-29T12:00:00.5Z")


def test_requests_of_one_source_share_it_and_records_are_counted(trained: Trained) -> None:
    first, second = trained.conditions.stations[:2]
    wanted = [
        inside(trained, station=first, n_records=2),
        inside(trained, station=second),
        inside(trained, depth_km=11.0),
    ]
    records = expand(request_table(trained, wanted))
    ids = [f"synthetic-0001-000{draw}" for draw in (1, 2, 1)]
    assert records["source_id"].tolist() == [*ids, "synthetic-0002"]
    assert records["record"].tolist() == [0, 1, 0, 0]
    assert records["request"].tolist() == [0, 0, 1, 2]


def test_what_training_reached_is_not_marked_and_the_rest_is(trained: Trained) -> None:
    assert trained.hull is not None
    above = (trained.hull.magnitude.highest or 0.0) + 0.5
    wanted = [
        inside(trained),
        inside(trained, magnitude=above),
        inside(trained, depth_km=300.0),
        inside(trained, station="NEW"),
    ]
    table = request_table(trained, wanted, Manner(elsewhere(), allow_far=True))
    assert table["outside_magnitude"].tolist() == [False, True, False, False]
    assert table["outside_depth"].tolist() == [False, False, True, False]
    assert table["outside_distance"].tolist()[:3] == [False, False, True]
    assert table["outside_station"].tolist() == [False, False, False, True]
    assert table["outside_far"].tolist() == [False, False, True, False]
    lines = "\n".join(hull_warnings(table, trained.hull))
    assert f"{above:g} (request 2)" in lines
    assert "XY.NEW (request 4)" in lines
    assert hull_warnings(table.iloc[:1], trained.hull) == []


def test_what_is_unknown_is_not_marked(trained: Trained) -> None:
    wanted = [inside(trained), inside(trained, depth_km=300.0)]
    table = request_table(trained, wanted, Manner(allow_far=True))
    table["source_depth_km"] = [np.nan, 300.0]
    add_marks(table, trained)
    assert table["outside_depth"].isna().tolist() == [True, False]
    assert table["outside_depth"][1]


def test_without_a_hull_only_stations_can_be_marked(trained: Trained) -> None:
    older = replace(trained, hull=None)
    generation = prepare(older, [inside(trained, magnitude=9.0)])
    assert generation.requests["outside_magnitude"].isna().all()
    assert generation.requests["outside_station"].tolist() == [False]
    assert "does not say how far its training data reach" in generation.warnings()[0]


def test_a_passband_that_tells_the_magnitude_is_warned_of(dataset_dir: Path, tmp_path: Path) -> None:
    path = write_checkpoint(dataset_dir, tmp_path / "leaky.ckpt", CVAE, preprocess="marmara", latent_size=8)
    trained = Trained.read(path)
    generation = prepare(trained, [inside(trained)])
    assert "preprocess=fixed_band is advised" in generation.warnings()[-1]
    assert generation.requests["trace_band_low_hz"].notna().all()


def test_unknown_stations_are_told_their_neighbours(trained: Trained) -> None:
    known = trained.conditions.stations[0]
    with pytest.raises(
        ConfigurationError, match=rf"station={known}X: no station .* nearest names: .*{known}"
    ):
        request_table(trained, [inside(trained, station=f"{known}X")])


def test_codes_are_known_in_small_letters_too(trained: Trained) -> None:
    known = trained.conditions.stations[0]
    wanted = [inside(trained, station=name.lower()) for name in (known, known.partition(".")[2])]
    table = request_table(trained, wanted)
    assert table["station_code"].tolist() == [known.partition(".")[2]] * 2
    assert table["outside_station"].tolist() == [False, False]


def test_a_code_of_two_networks_has_to_be_named_in_full(trained: Trained) -> None:
    code = trained.conditions.stations[0].partition(".")[2]
    twin = Inventory(
        [Epoch(SeedId("AA", code, "", "HHZ"), None, None, 40.0, 29.0, None, None, None, None, None)]
    )
    sites = Sites(trained.conditions, trained.hull, twin)
    with pytest.raises(ConfigurationError, match=f"station={code}: could be AA.{code} or KO.{code}"):
        sites.find(code, "HH", 0)
    assert sites.find(f"AA.{code}", "HH", 0).latitude_deg == 40.0


def test_a_station_without_coordinates_is_refused(trained: Trained) -> None:
    nowhere = StationPlace(np.nan, np.nan, np.nan)
    conditions = replace(trained.conditions, places=(nowhere, *trained.conditions.places[1:]))
    with pytest.raises(ConfigurationError, match="but not where it stands; give stations="):
        request_table(replace(trained, conditions=conditions), [inside(trained)])


def test_a_model_is_asked_what_it_knows(trained: Trained, vae_checkpoint: Path) -> None:
    vae = Trained.read(vae_checkpoint)
    with pytest.raises(ConfigurationError, match=r"magnitude: .* holds a VAE, which knows no condition"):
        request_table(vae, [parse({"magnitude": 3})])
    with pytest.raises(ConfigurationError, match="CVAE, which also needs depth_km, station"):
        request_table(trained, [parse({"magnitude": 3, "latitude_deg": 40, "longitude_deg": 29})])
    with pytest.raises(ConfigurationError, match="family=HN: trained on "):
        request_table(trained, [inside(trained, family="HN")])


def test_ground_motion_becomes_counts_by_the_sensitivity(trained: Trained) -> None:
    wanted, inventory = inside(trained, station="NEW", family="HH"), elsewhere()
    table = request_table(trained, [wanted], Manner(inventory, unit="counts"))
    assert table["unit_factor"].tolist() == [2e9]
    assert table["trace_unit"].tolist() == ["counts"]
    for bad, message in (
        (elsewhere(None, None), "there is no sensitivity where counts per mps are needed"),
        (elsewhere(2e5, "mps2"), "there is one in counts per mps2"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            request_table(trained, [wanted], Manner(bad, unit="counts"))
    with pytest.raises(ConfigurationError, match="unit=mps2: the model makes mps"):
        request_table(trained, [wanted], Manner(inventory, unit="mps2"))


@pytest.mark.parametrize("wrong", [{"location_code": "SYN"}, {"location_code": ""}, {"unit": "m/s"}])
def test_what_no_file_can_say_is_refused(wrong: dict[str, str]) -> None:
    (name,) = wrong
    with pytest.raises(ConfigurationError, match=f"^{name}="):
        Manner(**wrong)  # type: ignore[arg-type]


def test_an_s_that_comes_after_the_end_of_the_record_is_not_picked(trained: Trained) -> None:
    wanted = [inside(trained), inside(trained, latitude_deg=20.0)]
    table = request_table(trained, wanted, Manner(allow_far=True))
    assert table["trace_s_arrival_sample"].isna().tolist() == [False, True]
