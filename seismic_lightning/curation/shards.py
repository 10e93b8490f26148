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

RECORDS_PER_WRITER = 2048
"""Records of a series after which the next shard begins."""


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
    """Appends records to one shard for each unit and sampling rate."""

    def __init__(self, folder: Path, number: int) -> None:
        """Write into a folder that exists; the number tells the shards of different writers apart."""
        self._folder = folder
        self._number = number
        self._open: dict[tuple[str, float], _Shard] = {}

    def append(self, samples: NDArray[Any], unit: str, sampling_rate_hz: float) -> Place:
        """Store one record.

        Args:
            samples: ``(C, N)`` int32 or float32, alike for all records of one unit and rate.
            unit: Unit of the samples.
            sampling_rate_hz: Their rate.

        Returns:
            Where it lies.
        """
        key = (unit, sampling_rate_hz)
        if key not in self._open:
            name = f"{unit}_{sampling_rate_hz:g}hz_{self._number:04d}.npy"
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


class ShardSeries:
    """One writer after another, for records whose number nobody knows beforehand."""

    def __init__(self, folder: Path) -> None:
        """Write into a folder that exists."""
        self._folder = folder
        self._writer = ShardWriter(folder, 0)
        self._number = 0
        self._count = 0

    def append(self, samples: NDArray[Any], unit: str, sampling_rate_hz: float) -> Place:
        """Store one record; see :meth:`ShardWriter.append`."""
        if self._count == RECORDS_PER_WRITER:
            self._writer.close()
            self._number, self._count = self._number + 1, 0
            self._writer = ShardWriter(self._folder, self._number)
        self._count += 1
        return self._writer.append(samples, unit, sampling_rate_hz)

    def close(self, unit: str) -> None:
        """Finish the shards of the dataset's unit and remove those of all others."""
        self._writer.close()
        keep_unit(self._folder, unit)

    def discard(self) -> None:
        """Close all files without finishing them."""
        self._writer.discard()


def keep_unit(folder: Path, unit: str) -> None:
    """Remove the shards of all units but one."""
    for path in folder.glob("*.npy"):
        if not path.name.startswith(f"{unit}_"):
            path.unlink()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file of a folder, by name."""
    return {
        path.name: {"size": path.stat().st_size, "sha256": sha256(path)} for path in sorted(folder.iterdir())
    }
