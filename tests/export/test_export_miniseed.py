"""Exported miniSEED against ObsPy's chain on the source files, and what an export never does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from obspy import Stream, Trace, UTCDateTime, read, read_inventory
from support.archive import Z12, Z12_UNKNOWN, Edit, Sensor, gap, shifted, write_archive
from support.instruments import equip, many_stages
from support.signals import option

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import BandError, ConfigurationError, DatasetError
from seismic_lightning.export.miniseed import MiniseedForm
from seismic_lightning.export.names import file_names
from seismic_lightning.export.write import Choice, export_dataset

MARMARA = Choice(option("marmara"))
RAW = Choice(option("none"))
SETTINGS = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))
CORNERS_HZ = {
    "BH": [(0.5, 10), (0.5, 8), (0.5, 5), (0.3, 5), (0.1, 3)],
    "EH": [(3, 40), (2, 35), (1, 25), (0.5, 20), (0.3, 15)],
    "HH": [(2, 25), (1, 20), (0.5, 15), (0.3, 10), (0.1, 8)],
}
"""The original practice's bands for M < 1, 1 to 2, 2 to 3, 3 to 4, and above."""
CHAIN_BOUND = 1e-6
"""Relative error against ObsPy's chain that is promised; the engine is far better in double precision."""


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that curates a tiny archive with some edits."""

    def make(settings: CurationSettings = SETTINGS, **archive: Any) -> Path:  # noqa: ANN401 - of any kind
        source = write_archive(tmp_path / "archive", **{"n_events": 3, "n_stations": 1, **archive})
        curate(source, tmp_path / "dataset", settings)
        return tmp_path / "dataset"

    return make


def source_window(archive_dir: Path, row: "pd.Series[Any]", component: str) -> Trace:
    """Cut the record's window out of its source file."""
    trace = read(str(archive_dir / row["trace_file"]), format="MSEED").select(component=component)[0]
    first = UTCDateTime(ns=row["trace_start_time"].value)
    begin = round((first - trace.stats.starttime) * trace.stats.sampling_rate)
    cut = trace.copy()
    cut.data = trace.data[begin : begin + row["trace_npts"]]
    cut.stats.starttime = trace.stats.starttime + begin * trace.stats.delta
    return cut


def as_the_original_practice(trace: Trace, magnitude: float) -> Trace:
    low_hz, high_hz = CORNERS_HZ[trace.stats.channel[:2]][min(int(magnitude), 4)]
    done = trace.copy()
    done.detrend("demean").detrend("linear").taper(0.05, "cosine")
    high_hz = min(high_hz, 0.8 * 0.5 * trace.stats.sampling_rate)
    return done.filter("bandpass", freqmin=low_hz, freqmax=high_hz)


def exported(folder: Path, row: "pd.Series[Any]") -> Stream:
    return read(str(folder / row["trace_export_file"]), format="MSEED")


def test_files_equal_obspys_chain(archive_dir: Path, dataset_dir: Path, tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    summary = export_dataset(
        dataset_dir,
        tmp_path / "out",
        MiniseedForm(),
        MARMARA,
        progress=lambda *news: done.append(news),
    )
    n_records = len(open_dataset(dataset_dir))
    assert (sum(summary.records.values()), summary.clipped, done[-1]) == (
        n_records,
        0,
        (n_records, n_records),
    )
    metadata = open_dataset(dataset_dir).metadata
    table = pd.read_csv(tmp_path / "out" / "metadata.csv")
    rates_hz = set()
    for position, row in metadata.iterrows():
        row["trace_export_file"] = table["trace_export_file"].iloc[int(str(position))]
        assert Path(row["trace_export_file"]).name == Path(row["trace_file"]).name
        stream = exported(tmp_path / "out", row)
        assert len(stream) == 3
        for trace in stream:
            source = source_window(archive_dir, row, trace.stats.component)
            expected = as_the_original_practice(source, row["source_magnitude"])
            assert (trace.id, trace.stats.starttime.ns) == (source.id, source.stats.starttime.ns)
            assert (trace.stats.mseed.encoding, trace.stats.sampling_rate) == (
                "FLOAT64",
                source.stats.sampling_rate,
            )
            error = np.linalg.norm(trace.data - expected.data) / np.linalg.norm(expected.data)
            assert error <= CHAIN_BOUND, row["trace_file"]
            rates_hz.add(trace.stats.sampling_rate)
    assert rates_hz == {50.0, 100.0}


@pytest.mark.parametrize("name", ["marmara", "none"])
def test_ground_motion_leaves_as_obspy_finds_it(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)
    equip(archive, {"": many_stages(100.0)})
    curate(archive, tmp_path / "dataset", SETTINGS)
    choices = {units: Choice(option(name, units=units)) for units in ("counts", "sensitivity", "velocity")}
    for units, choice in choices.items():
        assert export_dataset(tmp_path / "dataset", tmp_path / units, MiniseedForm(), choice).raw == (
            name == "none" and units == "counts"
        )
    tables = {units: pd.read_csv(tmp_path / units / "metadata.csv") for units in choices}
    assert [set(table["trace_unit"]) for table in tables.values()] == [{"counts"}, {"mps"}, {"mps"}]
    manifest = json.loads((tmp_path / "velocity" / "export.json").read_text())
    assert (manifest["unit"], manifest["preprocess"]["units"]) == ("mps", "velocity")
    inventory = read_inventory(str(archive / "stations.xml"))
    metadata = open_dataset(tmp_path / "dataset").metadata
    for file, (_, row) in zip(tables["velocity"]["trace_export_file"], metadata.iterrows(), strict=True):
        streams = {units: read(str(tmp_path / units / file), format="MSEED") for units in choices}
        for counts, divided, removed in zip(*streams.values(), strict=True):
            np.testing.assert_allclose(divided.data, counts.data / 1.2e9, rtol=1e-12)
            trace = source_window(archive, row, removed.stats.component)
            if name == "none":
                trace.data = trace.data.astype(np.float64)
            else:
                trace.detrend("demean").detrend("linear").taper(0.05, "cosine")
            trace.remove_response(inventory, "VEL", 60, (0.05, 0.1, 40, 45), zero_mean=False, taper=False)
            if name == "marmara":
                low_hz, high_hz = CORNERS_HZ["HH"][min(int(row["source_magnitude"]), 4)]
                trace.filter("bandpass", freqmin=low_hz, freqmax=high_hz)
            error = np.linalg.norm(removed.data - trace.data) / np.linalg.norm(trace.data)
            assert error <= CHAIN_BOUND, file


def test_units_that_the_dataset_cannot_give_are_refused_before_anything_is_written(
    make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    choice = Choice(option("none", units="velocity"))
    with pytest.raises(DatasetError, match=r"units=velocity: .* lack an instrument response"):
        export_dataset(make_dataset(), tmp_path / "out", MiniseedForm(), choice)
    assert not (tmp_path / "out").exists()


def test_raw_counts_leave_as_they_came(archive_dir: Path, dataset_dir: Path, tmp_path: Path) -> None:
    export_dataset(dataset_dir, tmp_path / "out", MiniseedForm(), replace(RAW, subset="test"))
    metadata = open_dataset(dataset_dir).metadata
    rows = metadata[metadata["split"] == "test"].reset_index(drop=True)
    table = pd.read_csv(tmp_path / "out" / "metadata.csv", dtype={"source_id": str})
    assert table["source_id"].tolist() == rows["source_id"].tolist()
    assert json.loads((tmp_path / "out" / "export.json").read_text())["preprocess"] == {}
    for name, (_, row) in zip(table["trace_export_file"], rows.iterrows(), strict=True):
        for trace in read(str(tmp_path / "out" / name), format="MSEED"):
            source = source_window(archive_dir, row, trace.stats.component)
            assert (trace.data.dtype, trace.stats.mseed.encoding) == (np.int32, "STEIM2")
            assert np.array_equal(trace.data, source.data)
            assert trace.stats.starttime == source.stats.starttime


def test_single_precision_and_another_rate_are_options(dataset_dir: Path, tmp_path: Path) -> None:
    choice = replace(MARMARA, sampling_rate_hz=50.0, subset="dev")
    export_dataset(dataset_dir, tmp_path / "out", MiniseedForm("float32"), choice)
    table = pd.read_csv(tmp_path / "out" / "metadata.csv")
    assert set(table["trace_sampling_rate_hz"]) == {50.0}
    assert set(table["trace_npts"]) == {1001}
    assert (table["trace_p_arrival_sample"] / 50.0 - 10.0).abs().max() <= 0.01
    trace = read(str(tmp_path / "out" / table["trace_export_file"][0]), format="MSEED")[0]
    assert (trace.stats.mseed.encoding, trace.stats.npts, trace.stats.sampling_rate) == ("FLOAT32", 1001, 50)
    with pytest.raises(ConfigurationError, match=r"format\.encoding='float16': give float64 or float32"):
        MiniseedForm("float16")
    with pytest.raises(ConfigurationError, match="sampling_rate_hz=0"):
        export_dataset(dataset_dir, tmp_path / "b", MiniseedForm(), replace(RAW, sampling_rate_hz=0.0))


@pytest.mark.parametrize(
    ("sensor", "orientation", "channels"),
    [(Z12_UNKNOWN, "as_is", "Z12"), (Z12, "strict", "ZNE")],
    ids=["taken in order", "rotated"],
)
def test_channels_keep_their_letters_unless_they_were_rotated(
    make_dataset: Callable[..., Path], tmp_path: Path, sensor: Sensor, orientation: str, channels: str
) -> None:
    dataset = make_dataset(replace(SETTINGS, orientation=orientation), sensor=sensor)
    assert set(open_dataset(dataset).metadata["trace_components"]) == {channels}
    export_dataset(dataset, tmp_path / "out", MiniseedForm(), MARMARA)
    for path in (tmp_path / "out").glob("waveforms/HH/*.mseed"):
        names = [trace.stats.channel for trace in read(str(path), format="MSEED")]
        assert names == [f"HH{letter}" for letter in channels]


@pytest.mark.parametrize("choice", [RAW, MARMARA], ids=["raw", "filtered"])
def test_gaps_stay_gaps_and_late_clocks_late(
    make_dataset: Callable[..., Path], tmp_path: Path, choice: Choice
) -> None:
    def edit(stream: Stream) -> Stream:
        late: Edit = shifted("E", 0.004)
        return gap("N", 18.0, 19.0)(late(stream))

    dataset = make_dataset(
        replace(SETTINGS, select=SelectionSettings(min_snr=0.0, max_gap=0.1)), edits={(0, 0): edit}
    )
    row = open_dataset(dataset).metadata.iloc[0]
    export_dataset(dataset, tmp_path / "out", MiniseedForm(), choice)
    stream = read(str(tmp_path / "out" / "waveforms" / "HH" / Path(row["trace_file"]).name), format="MSEED")
    north = stream.select(component="N")
    assert [trace.stats.npts for trace in north] == [1300, 2001 - 1400]
    start = UTCDateTime(ns=row["trace_start_time"].value)
    assert (north[0].stats.starttime, north[1].stats.starttime) == (start, start + 14.0)
    east = stream.select(component="E")[0]
    assert east.stats.starttime - start == pytest.approx(0.004, abs=1e-6)
    assert all(np.isfinite(trace.data).all() for trace in stream)


def test_a_dataset_of_verticals_leaves_as_verticals(
    make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    dataset = make_dataset(replace(SETTINGS, components="Z"))
    export_dataset(dataset, tmp_path / "out", MiniseedForm(), MARMARA)
    paths = list((tmp_path / "out").glob("waveforms/HH/*.mseed"))
    assert len(paths) == 3
    assert all([t.stats.channel for t in read(str(path), format="MSEED")] == ["HHZ"] for path in paths)


def test_names_that_meet_are_told_apart() -> None:
    sources = ["a/HH/one.mseed", "b/HH/one.mseed", "b/HH/ONE.mseed", "day.mseed", "day.mseed", "x.hdf5:b$0"]
    sources.append("day/KO.ADVT..HHE.mseed; day/KO.ADVT..HHZ.mseed")
    codes = {
        "source_id": ["1", "2", "3", "4/..", "4/..", "5", "6"],
        "station_network_code": "KO",
        "station_code": "ADVT",
        "station_location_code": ["", "", "", "", "00", "", ""],
        "trace_channel": "HH",
    }
    names = file_names(pd.DataFrame({"trace_file": sources, **codes}))
    assert names == [
        "HH/one.mseed",
        "HH/one_2.mseed",
        "HH/ONE_3.mseed",
        "HH/4-_KO_ADVT_HH.mseed",
        "HH/4-_KO_ADVT_00_HH.mseed",
        "HH/5_KO_ADVT_HH.mseed",
        "HH/6_KO_ADVT_HH.mseed",
    ]


def test_nothing_of_others_is_replaced_and_nothing_is_left_half_done(
    dataset_dir: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(DatasetError, match="is no export, so it stays"):
        export_dataset(dataset_dir, out, MiniseedForm(), RAW, overwrite=True)
    (out / "thesis.tex").unlink()
    export_dataset(dataset_dir, out, MiniseedForm(), replace(RAW, subset="test"))
    before = sorted(out.rglob("*"))
    with pytest.raises(DatasetError, match="holds an export already"):
        export_dataset(dataset_dir, out, MiniseedForm(), RAW)

    class Breaks(MiniseedForm):
        def write(self, *arguments: Any) -> None:  # noqa: ANN401 - whatever it is given
            super().write(*arguments)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_dataset(dataset_dir, out, Breaks(), RAW, overwrite=True)
    assert sorted(out.rglob("*")) == before
    assert not (tmp_path / "out.part").exists()
    export_dataset(dataset_dir, out, MiniseedForm(), RAW, overwrite=True)
    assert len(sorted(out.rglob("*.mseed"))) == len(open_dataset(dataset_dir))


def test_what_cannot_be_filtered_is_refused_before_anything_is_written(
    dataset_dir: Path, tmp_path: Path
) -> None:
    lacking = Choice(option("marmara", bands_hz={"BH": [[1, 2]] * 5}, aliases={}))
    with pytest.raises(BandError, match="no row for the channel families"):
        export_dataset(dataset_dir, tmp_path / "out", MiniseedForm(), lacking)
    with pytest.raises(ConfigurationError, match="subset=val: give one of train, dev, test"):
        export_dataset(dataset_dir, tmp_path / "out", MiniseedForm(), replace(RAW, subset="val"))
    assert not (tmp_path / "out").exists()
