"""StationXML is looked up by codes and time; azimuths that are not given are unknown."""

from pathlib import Path

import pytest
from support.archive import SENSITIVITY_COUNTS_PER_MPS, Z12, Z12_UNKNOWN, write_archive

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.inventory import Epoch, Inventory, read_stationxml


def an_epoch(channel: str, start_ns: int | None, end_ns: int | None, latitude_deg: float) -> Epoch:
    seed_id = SeedId("KO", "ADVT", "", channel)
    return Epoch(seed_id, start_ns, end_ns, latitude_deg, 29.0, None, None, None, None, None)


def test_channels_keep_azimuth_dip_and_sensitivity(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=1, n_stations=1, sensor=Z12)
    inventory = read_stationxml(folder / "stations.xml")
    channel = inventory.channel(SeedId("XX", "ST00", "", "HH1"), 0)
    assert channel is not None
    assert (channel.azimuth_deg, channel.dip_deg) == (30.0, 0.0)
    assert (channel.sensitivity, channel.input_unit) == (SENSITIVITY_COUNTS_PER_MPS, "mps")
    assert len(inventory) == 1


def test_an_azimuth_that_is_not_given_is_unknown(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=1, n_stations=1, sensor=Z12_UNKNOWN)
    channel = read_stationxml(folder / "stations.xml").channel(SeedId("XX", "ST00", "", "HH1"), 0)
    assert channel is not None
    assert channel.azimuth_deg is None


def test_the_epoch_of_the_time_is_found_and_stations_stand_in_for_channels() -> None:
    inventory = Inventory(
        [an_epoch("", None, None, 1.0), an_epoch("HHZ", 0, 9, 2.0), an_epoch("HHZ", 10, None, 3.0)]
    )
    seed_id = SeedId("KO", "ADVT", "", "HHZ")
    found = [inventory.station(seed_id, time_ns) for time_ns in (5, 10, -1)]
    assert [epoch.latitude_deg for epoch in found if epoch] == [2.0, 3.0, 1.0]
    assert inventory.channel(seed_id, -1) is None
    assert inventory.station(seed_id._replace(station="GAZK"), 5) is None
    assert len(inventory.stations(["GAZK"])) == 0
    assert len(inventory.stations(["ADVT"])) == 1


def test_text_is_not_stationxml(tmp_path: Path) -> None:
    path = tmp_path / "stations.xml"
    path.write_text("#Network|Station")
    with pytest.raises(ArchiveError, match=r"stations\.xml cannot be read as StationXML"):
        read_stationxml(path)
