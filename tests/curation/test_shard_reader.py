"""Records come out of shards as NumPy reads them, with few files open and no hint needed."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seismic_lightning.curation import shard_reader
from seismic_lightning.curation.shard_reader import ShardReader
from seismic_lightning.curation.shards import ShardWriter
from seismic_lightning.errors import DatasetError

N_SHARDS, PER_SHARD = 6, 4


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(N_SHARDS):
        writer = ShardWriter(tmp_path, number)
        for record in rng.integers(-(2**31), 2**31, (PER_SHARD, 3, 11), dtype=np.int32):
            place = writer.append(record, "counts", 50.0)
        found.append(place.shard)
        writer.close()
    return found


def drawn(n_records: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, N_SHARDS, n_records), rng.integers(0, PER_SHARD, n_records)


def open_files() -> set[str]:
    return {path.name for path in Path("/dev/fd").iterdir()}


def by_numpy(folder: Path, names: list[str], shards: np.ndarray, rows: np.ndarray) -> np.ndarray:
    whole = np.stack([np.load(folder / name) for name in names])
    return np.asarray(whole[shards, rows])


@pytest.mark.parametrize("lacking", ["", "RWF_NOWAIT", "RWF_NOWAIT posix_fadvise"])
@pytest.mark.parametrize("open_at_once", [1, 256])
def test_records_are_those_that_numpy_reads(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str, open_at_once: int
) -> None:
    for name in lacking.split():  # as on macOS
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(shard_reader, "OPEN_AT_ONCE", open_at_once)
    reader, places = ShardReader(tmp_path, names), drawn(40)
    first = reader.gather(*places)
    assert np.array_equal(first, by_numpy(tmp_path, names, *places))
    assert first.flags.c_contiguous
    assert first.flags.owndata
    kept = first.copy()
    reader.gather(*drawn(40, seed=2))
    assert np.array_equal(first, kept)  # nobody else's batch is overwritten


def test_a_shard_cut_short_under_an_open_reader_is_refused(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)  # as where nothing is in memory
    reader, first, last = ShardReader(tmp_path, names), np.array([0]), np.array([PER_SHARD - 1])
    reader.gather(first, last)
    path = tmp_path / names[0]
    os.truncate(path, path.stat().st_size - 10)
    with pytest.raises(DatasetError, match=rf"{names[0]} cannot be read \(row {PER_SHARD - 1} ends after"):
        reader.gather(first, last)


def test_what_is_not_in_memory_is_announced_before_any_of_it_is_read(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    places, read = drawn(5), os.preadv

    def announced(_file: int, start: int, size: int, _hint: int) -> None:
        calls.append(f"announce {start} {size}")

    def counted(file: int, buffers: list[Any], start: int) -> int:
        calls.append(f"read {start}")
        return read(file, buffers, start)

    monkeypatch.setattr(shard_reader._OpenFile, "holds", lambda _file, _place: False)
    monkeypatch.setattr(os, "posix_fadvise", announced, raising=False)
    monkeypatch.setattr(os, "preadv", counted)
    samples = ShardReader(tmp_path, names).gather(*places)
    starts = [128 + 132 * row for row in places[1].tolist()]
    assert calls == [f"announce {start} 132" for start in starts] + [f"read {start}" for start in starts]
    assert np.array_equal(samples, by_numpy(tmp_path, names, *places))


def test_only_so_many_files_are_open(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_reader, "OPEN_AT_ONCE", 2)
    reader = ShardReader(tmp_path, names)
    before = open_files()
    for shard in range(N_SHARDS):
        reader.gather(np.array([shard]), np.array([0]))
    assert len(open_files() - before) <= 2 * 2  # each is open once more for its map
    del reader
    assert not open_files() - before


def test_readers_travel_and_serve_threads(names: list[str], tmp_path: Path) -> None:
    reader = ShardReader(tmp_path, names)
    reader.gather(*drawn(3))
    copy = pickle.loads(pickle.dumps(reader))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: copy.gather(*drawn(20, seed)), range(16)))
    for seed, samples in enumerate(found):
        assert np.array_equal(samples, by_numpy(tmp_path, names, *drawn(20, seed)))


def test_a_shard_that_ends_early_or_is_none_is_named(names: list[str], tmp_path: Path) -> None:
    path = tmp_path / names[2]
    for content in (path.read_bytes()[:-1], b"", b"no array"):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=rf"{names[2]} cannot be read .*overwrite=true"):
            ShardReader(tmp_path, names).gather(np.array([2]), np.array([PER_SHARD - 1]))
