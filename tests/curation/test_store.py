"""Datasets are whole or not there, never trusted when damaged, and never take another folder's place."""

import errno
import hashlib
import io
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.archive import write_archive

from seismic_lightning.curation import shards, task
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.identity import read_manifest
from seismic_lightning.curation.schema import METADATA, check_table, parse_intervals
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.shards import ShardWriter
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import DatasetError, StorageError

SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "archive", n_events=3, n_stations=1)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_shards_are_plain_arrays(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, 7)
    records = np.arange(10 * 3 * 5, dtype=np.int32).reshape(10, 3, 5)
    places = [writer.append(record, "counts", 100.0) for record in records]
    writer.append(records[0].astype(np.float32), "mps", 100.0)
    writer.close()
    assert places == [("counts_100hz_0007.npy", row) for row in range(10)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counts_100hz_0007.npy", "mps_100hz_0007.npy"]
    reference = io.BytesIO()
    np.save(reference, records)
    assert (tmp_path / "counts_100hz_0007.npy").read_bytes() == reference.getvalue()


def test_rows_are_fetched_in_any_order_over_shards_and_rates(
    archive_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "FEWEST_CANDIDATES", 5)
    monkeypatch.setattr(task, "N_TASKS", 5)
    curate(archive_dir, tmp_path / "dataset", SHORT)
    dataset = open_dataset(tmp_path / "dataset")
    assert len(list(dataset.root.glob("*.npy"))) > 2
    rows = np.random.default_rng(0).permutation(len(dataset))
    groups = dataset.fetch(rows)
    assert [group.sampling_rate_hz for group in groups] == [50.0, 100.0]
    assert np.array_equal(
        np.sort(np.concatenate([group.positions for group in groups])), np.arange(len(dataset))
    )
    for group in groups:
        group.waveform[:] = group.waveform  # a fresh array may be written to
        assert group.waveform.flags.c_contiguous
        for position, waveform in zip(group.positions, group.waveform, strict=True):
            row = dataset.metadata.iloc[rows[position]]
            shard = np.load(dataset.root / row["shard"], allow_pickle=False)
            assert np.array_equal(shard[row["row"]], waveform)
    assert dataset.fetch(np.array([], dtype=np.int64)) == []
    copy = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(copy.fetch(rows)[0].waveform, groups[0].waveform)


def test_records_with_a_missing_sample_in_any_component_have_gaps(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    assert dataset.gapless.all()
    assert dataset.gapless.shape == (len(dataset),)
    dataset = open_dataset(dataset_dir)
    dataset.metadata.loc[1, "trace_N_gap_intervals"] = "[[3, 9]]"
    dataset.metadata.loc[2, "trace_E_gap_intervals"] = None
    assert np.flatnonzero(~dataset.gapless).tolist() == [1, 2]


def test_metadata_survive_parquet_exactly(dataset_dir: Path) -> None:
    table = open_dataset(dataset_dir).metadata
    assert table["trace_start_time"].dtype == "datetime64[ns, UTC]"
    assert isinstance(table.index, pd.RangeIndex)
    assert parse_intervals(table["trace_Z_gap_intervals"].iloc[0]) == []
    with pytest.raises(DatasetError, match=r"column split, check isin.*value 'val'"):
        check_table(table.assign(split="val"), METADATA, "metadata")
    with pytest.raises(DatasetError, match="strangers"):
        check_table(table.assign(strangers=1), METADATA, "metadata")


@pytest.mark.parametrize("name", ["metadata.parquet", "counts_100hz_0000.npy"])
def test_a_damaged_dataset_is_not_trusted(small: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "dataset"
    curate(small, folder, SHORT)
    whole = content(folder)
    (folder / name).write_bytes(whole[name][:-1])
    for use in (lambda: open_dataset(folder), lambda: curate(small, folder, SHORT)):
        with pytest.raises(DatasetError, match=f"is damaged: {name} has .*overwrite=true"):
            use()
    assert not curate(small, folder, SHORT, overwrite=True).reused
    assert content(folder) == whole


def test_the_manifest_tells_size_and_hash_of_every_other_file(dataset_dir: Path) -> None:
    manifest = read_manifest(dataset_dir)
    assert manifest is not None
    expected = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in content(dataset_dir).items()
        if name != "dataset.json"
    }
    assert manifest["files"] == expected


def test_what_is_no_dataset_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no dataset; make one: seismic-curate"):
        open_dataset(tmp_path)


def test_another_dataset_stays_unless_it_may_be_replaced(small: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "dataset", replace(SHORT, orientation="as_is")
    curate(small, folder, SHORT)
    with pytest.raises(DatasetError, match=r"holds another dataset.*or overwrite=true"):
        curate(small, folder, other)
    summary = curate(small, folder, other, overwrite=True)
    assert open_dataset(folder).dataset_id == summary.dataset_id
    assert curate(small, folder, other, overwrite=True).reused
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "dataset", "dataset.lock"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_is_no_dataset_is_never_touched(small: Path, tmp_path: Path, overwrite: bool) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.tex").write_text("x")
    with pytest.raises(DatasetError, match="is no dataset, so it stays"):
        curate(small, folder, SHORT, overwrite=overwrite)
    assert content(folder) == {"chapter1.tex": b"x"}


def test_an_empty_folder_may_be_filled(small: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    assert curate(small, tmp_path / "dataset", SHORT).accepted == 3


@pytest.mark.parametrize("writer", ["samples", "tables"])
def test_a_full_disk_is_named_and_leaves_nothing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    def full(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if writer == "samples":
        monkeypatch.setattr(shards._Shard, "append", full)
    else:
        monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(StorageError, match=r"cannot be written \(No space left.*[\d,]+ bytes are free"):
        curate(small, tmp_path / "dataset", SHORT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "dataset.lock"]


def test_a_folder_that_cannot_be_written_is_named(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="file/dataset cannot be written"):
        curate(small, tmp_path / "file" / "dataset", SHORT)


def test_an_archive_that_changes_meanwhile_is_refused(small: Path, tmp_path: Path) -> None:
    def meddle(_done: int, _total: int) -> None:
        (small / "catalogue.xml").write_text("changed")

    with pytest.raises(DatasetError, match="changed while it was curated"):
        curate(small, tmp_path / "dataset", SHORT, progress=meddle)
    assert not (tmp_path / "dataset").exists()


PROGRAM = """
import sys, time
from pathlib import Path
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
def wait(done, total):
    Path(sys.argv[2] + ".started").touch()
    time.sleep(30)
select = SelectionSettings(min_snr=0.0)
settings = CurationSettings(window=WindowSettings(length_s=20.0), select=select)
curate(Path(sys.argv[1]), Path(sys.argv[2]), settings, progress=wait)
"""


def test_a_killed_run_is_repeated_to_the_same_bits(
    archive_dir: Path, dataset_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "dataset"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(archive_dir), str(folder)])
    started, deadline = tmp_path / "dataset.started", time.monotonic() + 60
    while not started.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / "dataset.part").is_dir()
    assert not folder.exists()
    assert read_manifest(tmp_path / "dataset.part") is None
    curate(archive_dir, folder, SHORT)
    assert content(folder) == content(dataset_dir)
    assert not (tmp_path / "dataset.part").exists()


def test_two_that_want_the_same_dataset_make_it_once(small: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(curate, small, tmp_path / "dataset", SHORT) for _ in range(2)]
    assert sorted(run.result().reused for run in runs) == [False, True]
