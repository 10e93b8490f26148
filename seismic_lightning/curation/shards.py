"""Writing of samples: packed in shards, one writer for each task of curation.

A shard is one plain ``.npy`` file of records of one unit and sampling rate, ``(records, C, N)``. Samples are
appended as they come and the record count in the header is set at the end, so that memory stays bounded.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import FILL_COUNTS

RECORDS_AT_ONCE = 64
"""Records in memory while a shard changes its type."""


class Place(NamedTuple):
    """Where a record's samples lie: name of the shard and row in it."""

    shard: str
    row: int


class _Shard:
    """One open ``.npy`` file that grows by records."""

    def __init__(self, path: Path, record: NDArray[Any]) -> None:
        self.path = path
        self.records = 0
        self._shape = record.shape
        self._dtype = record.dtype
        self._file: BinaryIO = path.open("wb")
        self._write_header()

    def append(self, record: NDArray[Any]) -> int:
        if record.shape != self._shape or record.dtype != self._dtype:
            message = f"{self.path.name} holds {self._shape} {self._dtype}, not {record.shape} {record.dtype}"
            raise ValueError(message)
        self._file.write(np.ascontiguousarray(record).data)
        self.records += 1
        return self.records - 1

    def close(self) -> None:
        self._file.seek(0)
        self._write_header()  # NumPy pads headers so that the first axis may grow without moving the samples
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        self._file.close()

    def _write_header(self) -> None:
        description = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": description, "fortran_order": False, "shape": (self.records, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)


class ShardWriter:
    """Appends records to one shard for each unit and sampling rate; fractional counts have their own."""

    def __init__(self, folder: Path, number: int) -> None:
        """Write into a folder that exists; the number tells the shards of different writers apart."""
        self._folder = folder
        self._number = number
        self._open: dict[tuple[str, float, str], _Shard] = {}

    def append(self, samples: NDArray[Any], unit: str, sampling_rate_hz: float) -> Place:
        """Store one record.

        Args:
            samples: ``(C, N)`` int32 or float32.
            unit: Unit of the samples.
            sampling_rate_hz: Their rate.

        Returns:
            Where it lies.
        """
        key = (unit, sampling_rate_hz, samples.dtype.kind)
        if key not in self._open:
            kind = "_fractions" if unit == "counts" and samples.dtype.kind == "f" else ""
            name = f"{unit}_{sampling_rate_hz:g}hz_{self._number:04d}{kind}.npy"
            self._open[key] = _Shard(self._folder / name, samples)
        shard = self._open[key]
        return Place(shard.path.name, shard.append(samples))

    def close(self) -> None:
        """Finish all shards."""
        for shard in self._open.values():
            shard.close()
        self._open = {}

    def discard(self) -> None:
        """Close all files without finishing them."""
        for shard in self._open.values():
            shard.discard()
        self._open = {}


def keep_unit(folder: Path, unit: str) -> None:
    """Remove the shards of all units but one."""
    for path in folder.glob("*.npy"):
        if not path.name.startswith(f"{unit}_"):
            path.unlink()


def hold_as_floats(folder: Path) -> None:
    """Turn the shards of whole numbers into float32, their fill value into NaN.

    Args:
        folder: Folder of shards; numbers beyond 2^24 would be rounded, so that none must be needed.
    """
    for path in sorted(folder.glob("*.npy")):
        whole = np.load(path, mmap_mode="r", allow_pickle=False)
        if whole.dtype.kind != "i":
            continue
        changed = path.with_suffix(".part")
        shard = _Shard(changed, np.empty(whole.shape[1:], dtype=np.float32))
        for start in range(0, len(whole), RECORDS_AT_ONCE):
            for record in as_floats(whole[start : start + RECORDS_AT_ONCE]):
                shard.append(record)
        shard.close()
        changed.replace(path)


def as_floats(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Bring samples to float32, the mark of missing ones to NaN.

    Example:
        >>> as_floats(np.array([-(2**31), 7], dtype=np.int32)).tolist()
        [nan, 7.0]
    """
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    return np.where(samples == FILL_COUNTS, np.float32(np.nan), samples.astype(np.float32))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file of a folder, by name."""
    return {
        path.name: {"size": path.stat().st_size, "sha256": sha256(path)} for path in sorted(folder.iterdir())
    }
