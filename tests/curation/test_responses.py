"""A dataset knows the instruments of every component by their epochs, and none where metadata are silent."""

from pathlib import Path

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime
from support.archive import START, Z12, write_archive
from support.instruments import equip, many_stages

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.identity import dataset_id
from seismic_lightning.curation.responses import CURVES_FILE, RESPONSES_FILE
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.errors import DatasetError
from seismic_lightning.simulation.metadata import _response as simulated

SHORT = CurationSettings(window=WindowSettings(10.0, 20.0), select=SelectionSettings(min_snr=0.0))
VALUE = "trace_sensitivity_counts_per_mps"


def curated(archive: Path) -> CuratedDataset:
    curate(archive, archive.parent / "dataset", SHORT)
    return open_dataset(archive.parent / "dataset")


def small(folder: Path, **options: object) -> Path:
    return write_archive(folder / "archive", n_events=6, n_stations=2, **options)  # type: ignore[arg-type]


def test_components_point_to_their_channels_and_rates(tmp_path: Path) -> None:
    archive = equip(small(tmp_path), {"": simulated("HH", 9e8), "HHE": simulated("HH", 3e8)})
    dataset = curated(archive)
    responses = dataset.responses()
    for component in "ZNE":
        own = responses.table.iloc[dataset.metadata[f"trace_{component}_response"]]
        expected = "XX." + dataset.metadata["station_code"] + "..HH" + component
        assert own["seed_id"].tolist() == expected.tolist()
        rates_hz = dataset.metadata["trace_sampling_rate_hz"]
        assert own["sampling_rate_hz"].tolist() == rates_hz.tolist()
        assert responses.frequency_hz[own["curve"].astype(int), -1].tolist() == (rates_hz / 2).tolist()
        assert (own["sensitivity"] == (3e8 if component == "E" else 9e8)).all()
    assert len(responses.table) == 6
    assert len(responses.counts_per_mps) == 4, "Z and N share a curve, at two rates"
    assert dataset.metadata[VALUE].isna().all(), "components differ, so there is no common sensitivity"


def test_an_exchanged_sensor_has_its_own_epoch(tmp_path: Path) -> None:
    archive = small(tmp_path)
    path, change = archive / "stations.xml", START + 3600.0 * 2.5
    inventory = obspy.read_inventory(path)
    for station in inventory[0]:
        later = [channel.__class__(**vars_of(channel, change, None, 2e9)) for channel in station]
        earlier = [channel.__class__(**vars_of(channel, None, change, 9e8)) for channel in station]
        station.channels = earlier + later
    inventory.write(str(path), format="STATIONXML")
    dataset = curated(archive)
    before = dataset.metadata["source_origin_time"] < str(change)
    assert 0 < before.sum() < len(dataset)
    assert dataset.metadata[VALUE].tolist() == np.where(before, 9e8, 2e9).tolist()
    rows = dataset.responses().table.iloc[dataset.metadata["trace_N_response"]]
    assert rows["sensitivity"].tolist() == dataset.metadata[VALUE].tolist()
    assert rows["start_time"].notna().tolist() == (~before).tolist()


def vars_of(
    channel: obspy.core.inventory.Channel, start: UTCDateTime | None, end: UTCDateTime | None, gain: float
) -> dict[str, object]:
    names = ("code", "location_code", "latitude", "longitude", "elevation", "depth", "azimuth", "dip")
    kept = {name: getattr(channel, name) for name in names}
    response = simulated("HH", gain)
    return {
        **kept, "start_date": start, "end_date": end, "sample_rate": channel.sample_rate, "response": response
    }  # fmt: skip


def test_silence_of_the_metadata_is_null(tmp_path: Path) -> None:
    dataset = curated(equip(small(tmp_path), {"ST01..HHN": None}))
    at_1 = dataset.metadata["station_code"] == "ST01"
    assert dataset.metadata[VALUE].isna().tolist() == at_1.tolist()
    table = dataset.responses().table
    assert table["curve"].isna().all()
    assert (table["remark"] == "the station metadata hold no response stages").all()
    own = table.iloc[dataset.metadata.loc[at_1, "trace_N_response"]]
    assert own["sensitivity"].isna().all()


@pytest.mark.parametrize("alike", [True, False])
def test_rotated_components_have_a_response_only_if_their_channels_agree(tmp_path: Path, alike: bool) -> None:
    archive = small(tmp_path, sensor=Z12)
    equip(archive, {"": simulated("HH", 9e8), "HH2": simulated("HH", 9e8 if alike else 8e8)})
    dataset = curated(archive)
    table = dataset.responses().table
    north = table.iloc[dataset.metadata["trace_N_response"]]
    assert (north["seed_id"].str.endswith("HH1+XX.ST00..HH2") | north["seed_id"].str.contains("ST01")).all()
    assert north["curve"].notna().all() == alike
    assert north["sensitivity"].notna().all() == alike
    assert table.iloc[dataset.metadata["trace_Z_response"]]["curve"].notna().all()
    if not alike:
        assert (north["remark"] == "rotated out of HH1 and HH2, whose responses differ").all()


def test_other_responses_make_another_dataset(tmp_path: Path) -> None:
    archive = equip(small(tmp_path), {"": simulated("HH", 9e8)})
    first = dataset_id(archive, SHORT)
    equip(archive, {"": simulated("HH", 8e8)})
    assert dataset_id(archive, SHORT) != first


def test_two_workers_write_the_same_responses(tmp_path: Path) -> None:
    archive = equip(small(tmp_path), {"": many_stages(100.0)})
    for n_workers in (1, 2):
        curate(archive, tmp_path / f"dataset{n_workers}", SHORT, n_workers=n_workers)
    for name in (RESPONSES_FILE, CURVES_FILE):
        assert (tmp_path / "dataset1" / name).read_bytes() == (tmp_path / "dataset2" / name).read_bytes()


@pytest.mark.parametrize("name", [RESPONSES_FILE, CURVES_FILE])
def test_damaged_responses_are_named(tmp_path: Path, name: str) -> None:
    dataset = curated(equip(small(tmp_path), {"": simulated("HH", 9e8)}))
    (dataset.root / name).write_bytes(b"0" * (dataset.root / name).stat().st_size)
    with pytest.raises(DatasetError, match=f"{name} cannot be read"):
        dataset.responses()
    (dataset.root / name).unlink()
    with pytest.raises(DatasetError, match=f"damaged: {name} is missing"):
        open_dataset(dataset.root)
