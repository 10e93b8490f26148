"""What only all rows of somebody else's dataset tell: split, types, duplicates, any number of tasks."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.seisbench import N_SAMPLES, SETTINGS, row, waveform, write

from seismic_lightning.cli.sources import seisbench_dataset
from seismic_lightning.curation import seisbench_build
from seismic_lightning.curation.report import CurationSummary
from seismic_lightning.curation.seisbench import import_seisbench
from seismic_lightning.curation.shards import RECORDS_AT_ONCE, ShardWriter, hold_as_floats
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.data.ground_motion import ground_motion
from seismic_lightning.errors import DatasetError

CUT = slice(500, 2501)


def named(traces: list[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"t{number}": trace for number, trace in enumerate(traces)}


def read_traces(
    tmp_path: Path, traces: list[NDArray[Any]]
) -> tuple[CurationSummary, NDArray[Any], list[int]]:
    """Return the summary, the samples and which traces they are."""
    rows = [row(number, trace_name=f"t{number}") for number in range(len(traces))]
    source = write(tmp_path / "source", rows, named(traces))
    summary = import_seisbench(source, tmp_path / "dataset", SETTINGS)
    dataset = open_dataset(tmp_path / "dataset")
    (group,) = dataset.fetch(np.arange(len(dataset)))
    return summary, group.waveform, [int(name.rpartition(":t")[2]) for name in dataset.metadata["trace_file"]]


def large(number: int) -> NDArray[np.float64]:
    """Return whole counts far beyond those that a 32-bit float holds."""
    return np.rint(np.random.default_rng(number).normal(0, 1e8, (3, N_SAMPLES)))


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["train", "dev", "train", "test", *["train"] * 4], "2 of 4 events are in more than one split"),
        (["train"] * 8, "none of 4 events is in dev or test"),
        (["train", "", "dev", "dev", *["test"] * 4], "records of 1 of 4 events are in none of train, dev"),
    ],
)
def test_a_split_that_is_none_of_events_is_not_kept_and_that_is_said(
    tmp_path: Path, names: list[str], why: str
) -> None:
    rows = [row(number, split=name) for number, name in enumerate(names)]
    summary = import_seisbench(write(tmp_path / "source", rows), tmp_path / "dataset", SETTINGS)
    metadata = open_dataset(tmp_path / "dataset").metadata
    assert metadata.groupby("source_id")["split"].nunique().max() == 1
    assert set(metadata["split"]) == {"train", "dev", "test"}
    assert sum(summary.events.values()) == 4
    assert len(summary.remarks) == 1
    assert why in summary.remarks[0]
    assert why in str(summary.__rich__().caption)
    assert import_seisbench(tmp_path / "source", tmp_path / "dataset", SETTINGS).remarks == summary.remarks


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_whole_counts_stay_exact_whatever_came_first(tmp_path: Path, dtype: Any) -> None:  # noqa: ANN401
    traces: list[NDArray[Any]] = [waveform(0), *(large(number).astype(dtype) for number in range(1, 8))]
    summary, samples, _ = read_traces(tmp_path, traces)
    assert (summary.accepted, samples.dtype.name) == (8, "int32")
    assert np.array_equal(samples, np.stack(traces)[:, :, CUT])


def test_where_no_type_holds_all_counts_the_fewer_are_refused(tmp_path: Path) -> None:
    fractions = [waveform(number) * np.float32(0.3) for number in range(3)]
    plain = [waveform(number).astype(np.int32) for number in range(3, 6)]
    (tmp_path / "a").mkdir()
    summary, samples, kept = read_traces(tmp_path / "a", [*plain, *fractions, large(6), large(7)])
    assert (summary.rejected, kept, samples.dtype.name) == ({"overflow": 2}, [*range(6)], "float32")
    assert np.array_equal(samples, np.stack([*plain, *fractions])[:, :, CUT])
    (tmp_path / "b").mkdir()
    many = [large(number) for number in range(2, 8)]
    summary, samples, kept = read_traces(tmp_path / "b", [*fractions[:2], *many])
    assert (summary.rejected, kept, samples.dtype.name) == ({"fractions": 2}, [*range(2, 8)], "int32")
    assert np.array_equal(samples, np.stack(many)[:, :, CUT])
    (tmp_path / "c").mkdir()
    neither = large(7) + 0.25
    summary, _, _ = read_traces(tmp_path / "c", [*fractions, *plain, waveform(6), neither])
    assert summary.rejected == {"overflow": 1}
    table = pd.read_csv(tmp_path / "c" / "dataset" / "rejections.csv")
    assert table["detail"].str.contains("fractions beside counts of").all()


def test_shards_become_floats_with_their_fill_as_nan(tmp_path: Path) -> None:
    records = np.arange((RECORDS_AT_ONCE + 1) * 6, dtype=np.int32).reshape(-1, 3, 2)
    records[3, 1] = -(2**31)
    writer = ShardWriter(tmp_path, 0)
    for record in records:
        writer.append(record, "counts", 100.0)
    writer.close()
    hold_as_floats(tmp_path)
    (path,) = tmp_path.iterdir()
    found = np.load(path)
    assert found.dtype == np.float32
    assert np.array_equal(np.isnan(found), records == -(2**31))
    assert np.array_equal(found[~np.isnan(found)], records[~np.isnan(found)])


def test_any_number_of_workers_and_tasks_makes_the_same_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(number) for number in range(8)]
    rows[5]["trace_p_arrival_sample"] = ""
    source = write(tmp_path / "source", rows, chunk="_a")
    write(source, [row(0), row(5), row(2)], chunk="_b")
    one = import_seisbench(source, tmp_path / "one", SETTINGS)
    assert (one.accepted, one.rejected) == (8, {"duplicate": 2, "no_onset": 1})
    two = import_seisbench(source, tmp_path / "two", SETTINGS, n_workers=2)
    assert two.rejected == one.rejected
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"quality.csv", "rejections.csv", "responses.parquet"} <= set(names)
    assert names == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    monkeypatch.setattr(seisbench_build, "FEWEST_ROWS", 3)
    calls: list[tuple[int, int]] = []
    many = import_seisbench(
        source, tmp_path / "many", SETTINGS, progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(3, 11), (6, 11), (8, 11), (11, 11)]
    assert many.rejected == one.rejected
    first, other = (open_dataset(tmp_path / name) for name in ("one", "many"))
    places = ["shard", "row"]
    pd.testing.assert_frame_equal(first.metadata.drop(columns=places), other.metadata.drop(columns=places))
    everything = np.arange(8)
    assert np.array_equal(first.fetch(everything)[0].waveform, other.fetch(everything)[0].waveform)
    table = pd.read_csv(tmp_path / "one" / "rejections.csv")
    assert table["path"].str.contains("waveforms_b.hdf5").sum() == 2
    assert len(pd.read_csv(tmp_path / "one" / "quality.csv")) == 10


def test_sensitivities_of_the_source_turn_counts_into_ground_motion(tmp_path: Path) -> None:
    rows = [row(number, station_sensitivity_counts_spm=1e6 * (1 + number % 2)) for number in range(8)]
    import_seisbench(write(tmp_path / "a", rows), tmp_path / "all", SETTINGS)
    dataset = open_dataset(tmp_path / "all")
    motion = ground_motion(dataset, "sensitivity")
    assert motion.unit == "mps"
    assert motion.instruments is not None
    of_records = motion.instruments.sensitivity[motion.instrument.numpy()]
    assert of_records.tolist() == [[1e6 * (1 + number % 2)] * 3 for number in range(8)]
    with pytest.raises(DatasetError, match="SeisBench's format holds sensitivities, but no responses"):
        ground_motion(dataset, "velocity")
    rows[5]["station_sensitivity_counts_spm"] = ""
    import_seisbench(write(tmp_path / "b", rows), tmp_path / "most", SETTINGS)
    with pytest.raises(DatasetError, match=r"1 of 8 records .* lack a sensitivity \(NA\.S1"):
        ground_motion(open_dataset(tmp_path / "most"), "sensitivity")


def test_a_damaged_dataset_of_train_s_own_is_made_whole_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "source", [row(number) for number in range(8)])

    def read() -> Path:
        return seisbench_dataset(
            dataset_dir=str(source),
            output_dir=str(tmp_path / "out"),
            unit=None,
            family=None,
            settings=settings,
        )

    settings = {"window": SETTINGS.window, "select": SETTINGS.select}
    folder = read()
    next(folder.glob("*.npy")).write_bytes(b"")
    with pytest.raises(DatasetError, match="overwrite=true"):
        open_dataset(folder)
    capsys.readouterr()
    assert read() == folder
    assert "reading it again" in " ".join(capsys.readouterr().out.split())
    assert len(open_dataset(folder)) == 8
