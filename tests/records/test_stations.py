"""Station metadata in text: what is not said stays unknown, codes are codes, and places are certain."""

import os
from pathlib import Path

import pytest
from support.archive import write_archive

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import ArchiveError, ConfigurationError
from seismic_lightning.records.inventory import Inventory, read_stationxml
from seismic_lightning.records.stations import read_stations

STATIONS = "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime"
CHANNELS = (
    "#Network | Station | Location | Channel | Latitude | Longitude | Elevation | Depth | Azimuth | Dip | "
    "SensorDescription | Scale | ScaleFreq | ScaleUnits | SampleRate | StartTime | EndTime"
)
TABLE = "network,station,latitude,longitude,elevation_m,start_date,instruments"
YEAR_2024_NS = 1_704_067_200_000_000_000
HHZ = SeedId("KO", "GEML", "", "HHZ")

REAL = Path(os.environ.get("SEISMIC_REAL_DATA", "absent"))
on_real_files = pytest.mark.skipif(
    not REAL.is_dir(), reason="SEISMIC_REAL_DATA is not set: no real station metadata to read"
)


def read_back(folder: Path, *lines: str, network: str | None = None) -> Inventory:
    path = folder / "stations"
    path.write_text("\n".join(lines) + "\n")
    return read_stations(path, network)


A_CHANNEL = "KO|GEML||HHZ|40.4646|29.2116|222.0|0.0|0.0|-90.0|CMG|6.0E8|1.0|m/s|100.0|2020-06-11T00:00:00|"


def a_channel(**changes: str) -> str:
    names = [name.strip(" #") for name in CHANNELS.split("|")]
    return "|".join((dict(zip(names, A_CHANNEL.split("|"), strict=True)) | changes).values())


def test_a_station_has_a_place_and_epochs_and_nothing_else(tmp_path: Path) -> None:
    inventory = read_back(
        tmp_path,
        STATIONS,
        "KO|GEML|40.4646|29.2116|222.0|Gemlik, Bursa|2020-06-11T00:00:00|2022-01-01T00:00:00.0000",
        "KO|GEML|40.5|29.25||Gemlik|2022-01-01T00:00:00Z|",
    )
    now = inventory.station(HHZ, YEAR_2024_NS)
    assert now is not None
    assert (now.latitude_deg, now.longitude_deg, now.elevation_m) == (40.5, 29.25, None)
    assert (now.azimuth_deg, now.dip_deg, now.sensitivity, now.input_unit) == (None, None, None, None)
    before = inventory.station(HHZ, YEAR_2024_NS - 3 * 366 * 86_400 * 10**9)
    assert before is not None
    assert (before.latitude_deg, before.elevation_m) == (40.4646, 222.0)
    assert inventory.channel(HHZ, YEAR_2024_NS) is None
    assert inventory.station(HHZ, 0) is None


def test_a_channel_keeps_azimuth_dip_and_a_sensitivity_with_units(tmp_path: Path) -> None:
    inventory = read_back(
        tmp_path,
        CHANNELS,
        a_channel(),
        a_channel(Channel="HHN", Azimuth="", Dip="0.0", ScaleUnits=""),
        a_channel(Channel="HNZ", Location="--", Scale="4.0E5", ScaleUnits="M/S**2"),
        a_channel(Channel="HDF", Location="10", ScaleUnits="PA", Scale="1.0"),
        a_channel(Channel="EHZ", Scale="0"),
    )
    found = {
        code: inventory.channel(HHZ._replace(channel=code, location=location), YEAR_2024_NS)
        for code, location in (("HHZ", ""), ("HHN", ""), ("HNZ", ""), ("HDF", "10"), ("EHZ", ""))
    }
    rows = {
        code: (epoch.azimuth_deg, epoch.dip_deg, epoch.sensitivity, epoch.input_unit)
        for code, epoch in found.items()
        if epoch is not None
    }
    assert rows == {
        "HHZ": (0.0, -90.0, 6.0e8, "mps"),
        "HHN": (None, 0.0, None, None),
        "HNZ": (0.0, -90.0, 4.0e5, "mps2"),
        "HDF": (0.0, -90.0, None, None),
        "EHZ": (0.0, -90.0, None, None),
    }


def test_text_says_of_an_archive_what_its_stationxml_says(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive", n_events=1, n_stations=1) / "stations.xml"
    seed_id = SeedId("XX", "ST00", "", "HHZ")
    truth = read_stationxml(path).channel(seed_id, YEAR_2024_NS)
    assert read_stations(path).channel(seed_id, YEAR_2024_NS) == truth
    assert truth is not None
    line = a_channel(
        Network="XX", Station="ST00", Latitude=str(truth.latitude_deg), Longitude=str(truth.longitude_deg),
        Elevation=str(truth.elevation_m), Scale=str(truth.sensitivity), StartTime="",
        Azimuth="" if truth.azimuth_deg is None else str(truth.azimuth_deg),
        Dip="" if truth.dip_deg is None else str(truth.dip_deg),
    )  # fmt: skip
    assert (truth.start_ns, truth.end_ns) == (None, None)
    assert read_back(tmp_path, CHANNELS, line).channel(seed_id, YEAR_2024_NS) == truth


def test_kandillis_csv_is_read_and_a_network_is_never_guessed(tmp_path: Path) -> None:
    inventory = read_back(tmp_path, TABLE, "KO,GEML,40.4646,29.2116,222,2020-06-11,HH")
    station = inventory.station(HHZ, YEAR_2024_NS)
    assert station is not None
    assert (station.latitude_deg, station.elevation_m, station.seed_id.network) == (40.4646, 222.0, "KO")
    without = ["station,latitude,longitude,elevation_m", "GEML,40.4646,29.2116,222"]
    with pytest.raises(ArchiveError, match=r"stations, line 2: station GEML has no network; give its code"):
        read_back(tmp_path, *without)
    assert read_back(tmp_path, *without, network="KO").station(HHZ, 0) is not None
    with pytest.raises(ConfigurationError, match=r"network='\.\./KO'"):
        read_back(tmp_path, *without, network="../KO")


@pytest.mark.parametrize("code", ["geml", "../GEML", "GEMLIK", "GE ML", "İZMİR", ""])
def test_a_code_is_up_to_five_capitals_and_digits(tmp_path: Path, code: str) -> None:
    rows = [
        (STATIONS, f"KO|{code}|40.4|29.2|2|Gemlik||"),
        (TABLE, f"KO,{code},40.4,29.2,2,2020-06-11,HH"),
        (CHANNELS, a_channel(Station=code)),
        (CHANNELS, a_channel(Network=code)),
        (CHANNELS, a_channel(Channel=code)),
    ]
    if code:  # a location may be empty
        rows.append((CHANNELS, a_channel(Location=code)))
    for header, line in rows:
        with pytest.raises(ArchiveError, match="stations, line 2: "):
            read_back(tmp_path, header, line)


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("KO|GEML|north|29.2|2|Gemlik||", "latitude is 'north'"),
        ("KO|GEML||29.2|2|Gemlik||", "latitude is empty"),
        ("KO|GEML|40.4|29.2|2|Gemlik|June 2020|", "time is 'June 2020'"),
        ("KO|GEML|40.4|29.2|2", "5 cells under 8 columns"),
    ],
)
def test_an_unreadable_row_is_refused_with_its_line(tmp_path: Path, line: str, culprit: str) -> None:
    with pytest.raises(ArchiveError, match=f"stations, line 2: {culprit}"):
        read_back(tmp_path, STATIONS, line)


def test_a_station_in_two_places_at_a_time_is_refused_with_both_lines(tmp_path: Path) -> None:
    first = "KO|GEML|40.4646|29.2116|222.0|Gemlik|2020-06-11T00:00:00|"
    with pytest.raises(
        ArchiveError, match=r"line 3: KO\.GEML\.\. stands at \(40\.5, .* line 2 at \(40\.4646"
    ):
        read_back(tmp_path, STATIONS, first, "KO|GEML|40.5|29.25|222.0|Gemlik|2022-01-01T00:00:00|")
    assert len(read_back(tmp_path, STATIONS, first, first)) == 1


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2", b"<?xml version='1.0'?><quakeml/>", b"000001V 0100"])
def test_an_unknown_format_is_refused_with_all_that_are_known(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stations"
    path.write_bytes(content)
    with pytest.raises(
        ArchiveError, match="no station metadata that can be read; give StationXML; FDSN station"
    ):
        read_stations(path)
    with pytest.raises(ArchiveError, match="absent cannot be read"):
        read_stations(tmp_path / "absent")


@on_real_files
def test_the_real_files_have_their_stations() -> None:
    assert len(read_stations(REAL / "kandilli_catalogues" / "koeri_stations_marmara.csv")) == 94
    text = read_stations(REAL / "gemlik_2023" / "stations.txt")
    assert len(text) == 64
    station = text.station(HHZ, YEAR_2024_NS)
    assert station is not None
    assert (station.latitude_deg, station.longitude_deg, station.elevation_m) == (40.4646, 29.2116, 222.0)
    assert len(read_stations(REAL / "records" / "stations.xml")) == 66
