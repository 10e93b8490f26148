"""Archives become datasets: what enters, what is refused by name, and what is never done twice."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from obspy import read, read_events, read_inventory
from support.archive import (
    Z12,
    Z12_UNKNOWN,
    constant,
    decimated,
    gap,
    shifted,
    shortened,
    without,
    write_archive,
)

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import ArchiveError, ConfigurationError, DatasetError
from seismic_lightning.records.catalogue import read_quakeml

SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))


def rejections(folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder / "rejections.parquet")
    assert len(pd.read_csv(folder / "rejections.csv")) == len(table)
    return table


def reason_of(folder: Path, name: str) -> str:
    table = rejections(folder)
    return str(table.loc[table["path"].str.contains(name, na=False), "reason"].item())


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_record_is_what_its_file_holds(archive_dir: Path, dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    paths = [path for path in archive_dir.glob("waveforms/*/*.mseed") if path.parent.name != "HN"]
    files = {path.relative_to(archive_dir).as_posix() for path in paths}
    assert set(dataset.metadata["trace_file"]) == files
    assert dataset.unit == "counts"
    for group in dataset.fetch(np.arange(len(dataset))):
        for position, waveform in zip(group.positions, group.waveform, strict=True):
            row = dataset.metadata.iloc[position]
            stream = read(str(archive_dir / row["trace_file"]), format="MSEED")
            start = pd.Timestamp(row["trace_start_time"])
            for component, samples in zip("ZNE", waveform, strict=True):
                trace = stream.select(component=component)[0]
                first = round((start.value - trace.stats.starttime.ns) / 1e9 * group.sampling_rate_hz)
                assert np.array_equal(samples, trace.data[first : first + samples.size])


def test_metadata_say_where_and_when(archive_dir: Path, dataset_dir: Path) -> None:
    metadata = open_dataset(dataset_dir).metadata
    assert metadata["trace_p_status"].unique().tolist() == ["manual"]
    p_s = metadata["trace_p_arrival_sample"] / metadata["trace_sampling_rate_hz"]
    assert (p_s - 10.0).abs().max() <= 0.5 / metadata["trace_sampling_rate_hz"].min()
    catalogue = read_quakeml(archive_dir / "catalogue.xml")
    read_s = {(pick.event_id, pick.station): pick.time_ns for pick in catalogue.picks if pick.phase[0] == "S"}
    start_ns = metadata["trace_start_time"].astype("int64")
    s_ns = start_ns + 1e9 * metadata["trace_s_arrival_sample"] / metadata["trace_sampling_rate_hz"]
    for event, station, time_ns in zip(metadata["source_id"], metadata["station_code"], s_ns, strict=True):
        if not np.isnan(time_ns):
            assert time_ns == pytest.approx(read_s[event, station], abs=1000)
    assert s_ns.notna().sum() > 3
    inventory = read_inventory(str(archive_dir / "stations.xml"))
    for row in metadata.itertuples():
        channel = inventory.select(station=row.station_code, channel=f"{row.trace_channel}Z")[0][0][0]
        assert row.trace_sensitivity_counts_per_mps == channel.response.instrument_sensitivity.value
    assert metadata["trace_sensitivity_counts_per_mps2"].isna().all()
    assert set(metadata["trace_npts"]) == {2001, 1001}
    assert metadata.groupby("source_id")["split"].nunique().max() == 1
    assert set(metadata["split"]) == {"train", "dev", "test"}
    quality = pd.read_csv(dataset_dir / "quality.csv")
    assert list(quality) == ["event", "magnitude", "snr1", "snr2", "snr3", "gap1", "gap2", "gap3", "path"]
    assert len(quality) == len(metadata)


def test_ratios_rise_with_magnitude_and_fall_with_distance(dataset_dir: Path) -> None:
    metadata = open_dataset(dataset_dir).metadata
    ratio = metadata[["trace_Z_snr", "trace_N_snr", "trace_E_snr"]].max(axis=1)
    size = metadata["source_magnitude"] - 1.5 * np.log10(metadata["path_hyp_distance_km"])
    assert np.corrcoef(np.log10(ratio), size)[0, 1] > 0.7


def test_defects_are_refused_by_name_and_counts_add_up(tmp_path: Path) -> None:
    edits = {
        (0, 0): gap("N", 18.0, 19.0),
        (1, 0): without("E"),
        (2, 0): decimated("Z", 2),
        (3, 0): shortened(16.0),
        (4, 0): constant("Z"),
        (5, 0): shortened(4.0),
        (6, 0): shifted("N", 0.004),
    }
    archive = write_archive(tmp_path / "archive", n_events=8, n_stations=2, edits=edits)
    summary = curate(archive, tmp_path / "dataset", SHORT)
    names = ["gaps", "missing_component", "mixed_rates", "gaps", "dead_component", "too_short"]
    assert [reason_of(tmp_path / "dataset", f"sim_00{number}_XX_ST00") for number in range(6)] == names
    assert summary.accepted + sum(summary.rejected.values()) == summary.candidates == 16
    metadata = open_dataset(tmp_path / "dataset").metadata
    moved = metadata[(metadata["source_id"] == "sim_006") & (metadata["station_code"] == "ST00")].iloc[0]
    assert moved["trace_N_start_remainder_s"] == pytest.approx(0.004, abs=1e-6)
    assert moved["trace_Z_start_remainder_s"] == 0.0


def test_gaps_that_are_allowed_are_listed_and_filled(tmp_path: Path) -> None:
    archive = write_archive(
        tmp_path / "archive", n_events=3, n_stations=1, edits={(0, 0): gap("N", 18.0, 19.0)}
    )
    settings = replace(SHORT, select=replace(SHORT.select, max_gap=0.1))
    curate(archive, tmp_path / "dataset", settings)
    dataset = open_dataset(tmp_path / "dataset")
    row = dataset.metadata.iloc[0]
    [[start, stop]] = json.loads(row["trace_N_gap_intervals"])
    assert (start, stop) == (1300, 1400)
    assert row["trace_Z_gap_intervals"] == "[]"
    assert row["trace_N_gap"] == pytest.approx(100 / 2001)
    waveform = dataset.fetch(np.array([0]))[0].waveform[0]
    assert (waveform[1, start:stop] == FILL_COUNTS).all()
    assert np.count_nonzero(waveform == FILL_COUNTS) == 100


def test_sensors_of_known_azimuth_are_rotated_and_others_refused(tmp_path: Path) -> None:
    known = write_archive(tmp_path / "known", n_events=3, n_stations=1, sensor=Z12)
    assert curate(known, tmp_path / "a", SHORT).accepted == 3
    unknown = write_archive(tmp_path / "unknown", n_events=3, n_stations=1, sensor=Z12_UNKNOWN)
    with pytest.raises(DatasetError, match=r"3 x no_orientation .*azimuth.*orientation=as_is") as refused:
        curate(unknown, tmp_path / "b", SHORT)
    assert "none of 3 candidates" in str(refused.value)
    table = tmp_path / "b.rejections.csv"
    assert f"Everything that was left out, and why: {table}." in str(refused.value)
    assert pd.read_csv(table)["reason"].tolist() == ["no_orientation"] * 3
    assert not (tmp_path / "b").exists()
    assert not (tmp_path / "b.part").exists()
    assert curate(unknown, tmp_path / "b", replace(SHORT, orientation="as_is")).accepted == 3


def test_onsets_without_picks_come_from_the_model(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1, picks=False)
    curate(archive, tmp_path / "dataset", SHORT)
    metadata = open_dataset(tmp_path / "dataset").metadata
    assert metadata["trace_p_status"].tolist() == ["model"] * 3
    assert metadata["trace_s_arrival_sample"].isna().all()
    assert metadata["trace_Z_snr"].iloc[-1] > 10.0


def test_ground_motion_is_kept_as_float_and_units_do_not_mix(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=1, unit="mps")
    counts = write_archive(tmp_path / "counts", n_events=6, n_stations=1)
    for number in (0, 1):
        name = f"waveforms/HH/sim_00{number}_XX_ST00_HH.mseed"
        (archive / name).write_bytes((counts / name).read_bytes())
    summary = curate(archive, tmp_path / "dataset", SHORT)
    assert (summary.unit, summary.accepted, summary.rejected) == ("mps", 4, {"other_unit": 2})
    dataset = open_dataset(tmp_path / "dataset")
    assert dataset.fetch(np.arange(4))[0].waveform.dtype == np.float32
    assert sorted(path.name for path in dataset.root.glob("*.npy")) == ["mps_100hz_0000.npy"]
    named = replace(SHORT, select=replace(SHORT.select, unit="counts"))
    with pytest.raises(DatasetError, match="validation and test need one each"):
        curate(archive, tmp_path / "other", named)


def test_names_that_disagree_and_files_and_picks_left_over_are_told(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=5, n_stations=1)
    folder = archive / "waveforms" / "HH"
    (folder / "sim_000_XX_ST00_HH.mseed").rename(folder / "sim_000_XX_ST09_HH.mseed")
    (folder / "sim_001_XX_ST00_HH.mseed").rename(folder / "gone_XX_ST00_HH.mseed")
    (folder / "sim_002_ST00_HH.mseed").write_bytes((folder / "sim_002_XX_ST00_HH.mseed").read_bytes())
    (archive / "waveforms" / "EH").mkdir()
    (archive / "waveforms" / "EH" / "sim_003_XX_ST00_EH.mseed").write_bytes(
        (folder / "sim_003_XX_ST00_HH.mseed").read_bytes()
    )
    summary = curate(archive, tmp_path / "dataset", SHORT)
    assert summary.rejected == {"duplicate": 1, "name_mismatch": 2}
    assert summary.apart == {"no_event": 1, "no_file": 2}
    assert summary.absent_families == ["BH"]
    assert (summary.accepted, summary.candidates) == (3, 6)


def test_unselected_families_are_counted_and_absent_ones_refused(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1, family="EH")
    with pytest.raises(
        ConfigurationError, match=r"select.families=\[HH\] matches no file; the archive has EH"
    ):
        curate(archive, tmp_path / "dataset", replace(SHORT, select=SelectionSettings(families=["HH"])))


def test_stations_that_are_unknown_are_named(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)
    other = write_archive(tmp_path / "other", n_events=1, n_stations=0)
    (archive / "stations.xml").write_bytes((other / "stations.xml").read_bytes())
    with pytest.raises(
        DatasetError, match=r"station metadata of .* list no station of any file \(such as .*station XX.ST00"
    ):
        curate(archive, tmp_path / "dataset", SHORT)


def test_an_archive_without_a_catalogue_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)
    (archive / "catalogue.xml").unlink()
    with pytest.raises(ArchiveError, match=r"has no catalogue\.xml"):
        curate(archive, tmp_path / "dataset", SHORT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive"]


def test_two_builds_and_two_workers_agree_bit_for_bit(
    archive_dir: Path, dataset_dir: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    curate(
        archive_dir,
        tmp_path / "b",
        SHORT,
        n_workers=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert content(tmp_path / "b") == content(dataset_dir)
    n_files = len(open_dataset(dataset_dir))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (n_files, n_files)
    assert len(seen) > 1


def test_events_and_codes_that_lack_something_are_refused_by_name(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=8, n_stations=1)
    catalogue = read_events(str(archive / "catalogue.xml"), format="QUAKEML")
    catalogue[0].magnitudes = []
    catalogue[0].preferred_magnitude_id = None
    catalogue[1].picks, catalogue[1].origins[0].arrivals = [], []
    catalogue[1].origins[0].depth = None
    catalogue[2].picks, catalogue[2].origins[0].arrivals = [], []
    catalogue[2].origins[0].latitude = -60.0
    catalogue[3].origins, catalogue[3].preferred_origin_id = [], None
    for pick in catalogue[4].picks:
        pick.evaluation_mode = "automatic"
    catalogue.write(str(archive / "catalogue.xml"), format="QUAKEML")
    (archive / "waveforms" / "HH" / "sim_007_XX_ST00_HH.mseed").unlink()
    (archive / "waveforms" / "HH" / "sim_007_XX_ST00_HH.mseed").symlink_to("nowhere")
    curate(archive, tmp_path / "dataset", SHORT)
    names = ["no_magnitude", "no_onset", "no_onset", "no_origin"]
    assert [reason_of(tmp_path / "dataset", f"sim_00{number}") for number in range(4)] == names
    assert reason_of(tmp_path / "dataset", "sim_007") == "unreadable"
    metadata = open_dataset(tmp_path / "dataset").metadata
    assert metadata["trace_p_status"].tolist() == ["model", "manual", "manual"]


def test_a_code_that_could_be_a_path_is_refused(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=4, n_stations=1)
    path = archive / "waveforms" / "HH" / "sim_000_XX_ST00_HH.mseed"
    stream = read(str(path), format="MSEED")
    for trace in stream:
        trace.stats.station = "../X"
    stream.write(str(path), format="MSEED")
    curate(archive, tmp_path / "dataset", SHORT)
    assert reason_of(tmp_path / "dataset", "sim_000") == "bad_code"
