"""Records cut out of continuous files and day files are those that event files hold."""

import copy
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from obspy import Stream, Trace, UTCDateTime, read, read_events, read_inventory
from support.archive import START
from support.continuous import as_day_files, as_files_of_any_name, write

from seismic_lightning.curation import task
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.continuous import cut_by_picks
from seismic_lightning.curation.layout import Places, find_parts
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import ArchiveError, ConfigurationError, DatasetError
from seismic_lightning.records.catalogue import read_catalogue
from seismic_lightning.records.gse2 import Gse2Decoder

SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))
ELSEWHERE = ("shard", "row", "trace_file")


@pytest.mark.parametrize("arrange", [as_files_of_any_name, as_day_files])
def test_records_are_those_of_the_event_files(
    arrange: Callable[[Path, Path], Places], day_archive: Path, day_dataset: Path, tmp_path: Path
) -> None:
    places = arrange(day_archive, tmp_path / "data")
    summary = curate(places, tmp_path / "dataset", SHORT)
    assert (summary.accepted, summary.rejected) == (36, {})
    assert set(summary.apart) <= {"no_pick"}  # the day before of stations that P reaches late
    ours, expected = open_dataset(tmp_path / "dataset"), open_dataset(day_dataset)
    pd.testing.assert_frame_equal(
        ours.metadata.drop(columns=[*ELSEWHERE]), expected.metadata.drop(columns=[*ELSEWHERE])
    )
    for group, other in zip(ours.fetch(np.arange(36)), expected.fetch(np.arange(36)), strict=True):
        assert np.array_equal(group.waveform, other.waveform)
    assert all((tmp_path / name).is_file() for name in "; ".join(ours.metadata["trace_file"]).split("; "))
    curate(places, tmp_path / "again", SHORT, n_workers=2)
    for path in (tmp_path / "dataset").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_window_over_midnight_takes_two_day_files(day_archive: Path, tmp_path: Path) -> None:
    curate(as_day_files(day_archive, tmp_path / "data"), tmp_path / "dataset", SHORT)
    metadata = open_dataset(tmp_path / "dataset").metadata
    first = metadata[metadata["source_id"] == "sim_000"].iloc[0]
    files = first["trace_file"].split("; ")
    assert first["trace_start_time"] < pd.Timestamp(START.datetime, tz="UTC")
    days = sorted({file.rsplit(".", 2)[1] + "." + file.rsplit(".", 1)[1] for file in files})
    assert (len(files), days) == (6, ["2023.365", "2024.001"])


def test_samples_after_midnight_in_records_of_the_day_before_are_found(
    day_archive: Path, tmp_path: Path
) -> None:
    archive = Path(shutil.copytree(day_archive, tmp_path / "archive"))
    events = read_events(str(archive / "catalogue.xml"))
    for event in events:
        event.origins[0].time += 600.0
        for pick in event.picks:
            pick.time += 600.0
    events.write(str(archive / "catalogue.xml"), format="QUAKEML")
    places = as_day_files(archive, tmp_path / "data", later_s=600.0, over_s=900.0)
    summary = curate(places, tmp_path / "dataset", SHORT)
    assert (summary.accepted, summary.apart.get("outside_data")) == (36, None)


def reasons(folder: Path) -> dict[str, int]:
    return dict(Counter(map(str, pd.read_parquet(folder / "rejections.parquet")["reason"])))


def test_every_other_pick_and_file_has_its_reason(day_archive: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(day_archive, tmp_path / "archive"))
    events = read_events(str(archive / "catalogue.xml"))
    stations = ["ST00", "ST01", "ST02"]
    for pick in events[-1].picks:
        if pick.waveform_id.station_code == "ST00":
            pick.time += 1800  # no data after the last event
    events[1].picks[0].evaluation_mode = "automatic"  # P of ST00
    events[2].picks[0].waveform_id.station_code = "NONE"
    events.write(str(archive / "catalogue.xml"), format="QUAKEML")
    places = as_files_of_any_name(archive, tmp_path / "data")
    (tmp_path / "data" / "empty").touch()
    (tmp_path / "data" / "notes.txt").write_text("no samples")
    unused = read(str(tmp_path / "data" / "ST00 any name"))[:1]
    unused[0].stats.station = "FREE"
    write({tmp_path / "data" / "free": unused})
    summary = curate(places, tmp_path / "dataset", SHORT)
    assert len(stations) * len(events) == summary.candidates + 3
    expected = {"outside_data": 2, "no_p_pick": 3, "no_file": 1, "bad_file": 2, "no_pick": 1}
    assert reasons(tmp_path / "dataset") == summary.apart == expected
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet").set_index("path")
    assert str(table.loc["data/empty", "detail"]).startswith("empty_file: empty")
    assert str(table.loc["data/notes.txt", "detail"]).startswith("unreadable: notes.txt")
    n_picks = sum(len(event.picks) for event in events)
    picks_listed = int(table["event"].notna().sum())
    assert picks_listed + 2 * summary.candidates == n_picks


def test_candidates_of_an_event_and_family_stand_in_a_row(day_archive: Path, tmp_path: Path) -> None:
    places = as_files_of_any_name(day_archive, tmp_path / "data")
    for station in ("ST00", "ST01"):
        twin = read(str(tmp_path / "data" / f"{station} any name"))
        for trace in twin:
            trace.stats.channel = "BH" + trace.stats.channel[-1]
        write({tmp_path / "data" / f"{station} twin": twin})
    catalogue = read_catalogue(day_archive / "catalogue.xml")
    candidates, _ = cut_by_picks(find_parts(places), catalogue, SHORT.window)
    rows = [key for key, _ in groupby((one.name.family, one.event.event_id) for one in candidates)]
    assert len(rows) == len(set(rows)) == 24


def test_a_station_code_of_two_networks_needs_a_network(day_archive: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(day_archive, tmp_path / "archive"))
    events = read_events(str(archive / "catalogue.xml"))
    for event in events:
        for pick in event.picks:
            pick.waveform_id.network_code = None
    events.write(str(archive / "catalogue.xml"), format="QUAKEML")
    places = as_files_of_any_name(archive, tmp_path / "data")
    twin = read(str(tmp_path / "data" / "ST00 any name"))
    for trace in twin:
        trace.stats.network = "YY"
    write({tmp_path / "data" / "twin": twin})
    summary = curate(places, tmp_path / "dataset", SHORT)
    assert summary.accepted == 24
    assert summary.apart["ambiguous_station"] == 24


def test_a_day_file_that_holds_another_channel_is_refused(day_archive: Path, tmp_path: Path) -> None:
    places = as_day_files(day_archive, tmp_path / "data")
    folder = tmp_path / "data" / "2024" / "XX" / "ST01"
    shutil.copy(folder / "HHN.D" / "XX.ST01..HHN.D.2024.001", folder / "HHZ.D" / "XX.ST01..HHZ.D.2024.001")
    (tmp_path / "data" / "readme").touch()
    summary = curate(places, tmp_path / "dataset", SHORT)
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet").set_index("reason")
    detail = str(table.loc["bad_file", "detail"])
    assert detail.endswith("XX.ST01..HHZ.D.2024.001: the headers say XX.ST01..HHN")
    assert table.loc["not_a_day_file", "path"] == "data/readme"
    assert summary.rejected == {"missing_component": 12}


def test_a_gap_in_continuous_data_is_a_gap_of_the_record(day_archive: Path, tmp_path: Path) -> None:
    places = as_files_of_any_name(day_archive, tmp_path / "data")
    path = tmp_path / "data" / "ST02 any name"
    pick = read_events(str(day_archive / "catalogue.xml"))[3].picks[4]
    stream = read(str(path))
    stream.cutout(pick.time + 2, pick.time + 4)
    stream.write(str(path), format="MSEED", encoding="STEIM2")
    summary = curate(places, tmp_path / "dataset", SHORT)
    assert (summary.accepted, summary.rejected) == (35, {"gaps": 1})
    relaxed = replace(SHORT, select=SelectionSettings(min_snr=0.0, max_gap=0.2))
    assert curate(places, tmp_path / "relaxed", relaxed).accepted == 36


def test_the_sensor_is_that_of_the_window_not_of_the_file(day_archive: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(day_archive, tmp_path / "archive"))
    inventory = read_inventory(str(archive / "stations.xml"))
    picks = sorted(pick.time for event in read_events(str(archive / "catalogue.xml")) for pick in event.picks)
    change = picks[len(picks) // 2] - 120  # within the file, between two records
    for station in inventory[0]:
        later = copy.deepcopy(station.channels)
        for earlier, channel in zip(station.channels, later, strict=True):
            earlier.end_date = channel.start_date = change
            channel.response.instrument_sensitivity.value = 2e9
            channel.elevation = 700.0
        station.channels += later
    inventory.write(str(archive / "stations.xml"), format="STATIONXML")
    places = as_files_of_any_name(archive, tmp_path / "data")
    unbroken = read(str(tmp_path / "data" / "ST00 any name")).merge(fill_value=0)  # zeros take few bytes
    write({tmp_path / "data" / "ST00 any name": unbroken})
    curate(places, tmp_path / "dataset", SHORT)
    metadata = open_dataset(tmp_path / "dataset").metadata
    exchanged = metadata["source_origin_time"] > pd.Timestamp(change.datetime, tz="UTC")
    assert 0 < exchanged.sum() < len(metadata) == 36
    sensitivity = metadata["trace_sensitivity_counts_per_mps"].tolist()
    assert sensitivity == np.where(exchanged, 2e9, 1e9).tolist()
    assert metadata["station_elevation_m"].tolist() == np.where(exchanged, 700.0, 100.0).tolist()


@pytest.mark.parametrize("arrange", [as_files_of_any_name, as_day_files])
def test_a_bad_block_costs_its_own_samples_alone(
    arrange: Callable[[Path, Path], Places], day_archive: Path, tmp_path: Path
) -> None:
    places = arrange(day_archive, tmp_path / "data")
    path = max((tmp_path / "data").rglob("*ST01*"), key=lambda path: path.stat().st_size * path.is_file())
    content = path.read_bytes()
    place = len(content) // 1024 * 512
    path.write_bytes(content[:place] + bytes(512) + content[place:])
    summary = curate(places, tmp_path / "dataset", SHORT)
    assert (summary.accepted, summary.rejected, summary.apart["bad_block"]) == (36, {}, 1)
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet").set_index("reason")
    assert table.loc["bad_block", "path"] == path.relative_to(tmp_path).as_posix()
    detail = f"bytes {place} to {place + 511} are no record; the others are used"
    assert table.loc["bad_block", "detail"] == detail


def test_gse_files_are_decoded_by_one_process_per_task(
    day_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = as_files_of_any_name(day_archive, tmp_path / "data")
    for path in (tmp_path / "data").iterdir():
        read(str(path)).write(str(path), format="GSE2")
    decoders: list[Gse2Decoder] = []

    def note(decoder: Gse2Decoder) -> Gse2Decoder:
        decoders.append(decoder)
        return decoder

    monkeypatch.setattr(Gse2Decoder, "__enter__", note)
    monkeypatch.setattr(task, "N_TASKS", 1)
    assert curate(places, tmp_path / "dataset", SHORT).accepted == 36
    assert [decoder.n_started for decoder in decoders] == [1, 1], "one to scan, one to measure"


def test_one_file_can_be_all_the_waveforms(day_archive: Path, tmp_path: Path) -> None:
    as_files_of_any_name(day_archive, tmp_path / "data")
    places = Places(
        catalogue=day_archive / "catalogue.xml",
        stations=day_archive,
        waveforms=tmp_path / "data" / "ST01 any name",
        layout="continuous",
    )
    with pytest.raises(ArchiveError):  # the folder also holds the catalogue
        curate(places, tmp_path / "dataset", SHORT)
    (tmp_path / "stations").mkdir()
    shutil.copy(day_archive / "stations.xml", tmp_path / "stations" / "XX.xml")
    summary = curate(replace(places, stations=tmp_path / "stations"), tmp_path / "dataset", SHORT)
    assert (summary.accepted, summary.apart) == (12, {"no_file": 48})
    assert set(open_dataset(tmp_path / "dataset").metadata["trace_file"]) == {"ST01 any name"}


@pytest.mark.parametrize("needed", [False, True])
def test_an_archive_in_use_is_curated_unless_a_file_that_was_read_changes(
    needed: bool, day_archive: Path, tmp_path: Path
) -> None:
    places = as_day_files(day_archive, tmp_path / "data")
    day = sorted((tmp_path / "data" / "2024").rglob("*.001"))[0]
    today = Path(str(day).replace("2024", "2026"))
    today.parent.mkdir(parents=True)
    shutil.copy(day, today)

    def record(_done: int, _total: int) -> None:
        growing = day if needed else today
        growing.write_bytes(growing.read_bytes() * 2)
        today.with_name(today.name[:-3] + "002").touch()

    refused = pytest.raises(DatasetError, match="changed while") if needed else nullcontext()
    with refused:
        assert curate(places, tmp_path / "dataset", SHORT, progress=record).accepted == 36


def test_without_any_pick_in_any_file_the_reasons_are_counted(day_archive: Path, tmp_path: Path) -> None:
    write({tmp_path / "data" / "x": Stream([Trace(np.arange(500, dtype=np.int32))])})
    places = Places(day_archive, waveforms=tmp_path / "data", layout="continuous")
    with pytest.raises(DatasetError, match=r"no analyst's P pick falls into any of 1 files.*72 x no_file"):
        curate(places, tmp_path / "dataset", SHORT)
    assert UTCDateTime(0) == Trace().stats.starttime


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"layout": "tree"}, "layout='tree': give one of events, sds, continuous"),
        ({"archive_dir": None}, "no archive_dir: give archive_dir="),
    ],
)
def test_places_that_cannot_be_an_archive_are_refused(places: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Places(**{"archive_dir": Path(), **places})  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["catalogue", "bulletins", "stations", "waveforms"])
def test_a_place_without_a_file_is_named(part: str, day_archive: Path, tmp_path: Path) -> None:
    named: dict[str, Any] = {part: tmp_path / "absent"}
    places = replace(Places(day_archive), **named)
    with pytest.raises(ArchiveError, match=r"absent"):
        curate(places, tmp_path / "dataset", SHORT)
