"""Writing of a dataset's folder: samples packed in shards, and the folder as a whole or not at all.

A shard is one plain ``.npy`` file of up to 2,048 records of one unit and sampling rate, ``(records, C, N)``.
Samples are appended as they come and the record count in the header is set at the end, so that memory stays
bounded whatever the number of rates. The folder is written under another name, flushed to the disk and
renamed: a killed run leaves nothing that a later one would take for a dataset.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

RECORDS_PER_SHARD = 2048


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
    """Appends records to the shard of their unit and sampling rate."""

    def __init__(self, folder: Path, records_per_shard: int = RECORDS_PER_SHARD) -> None:
        """Write into a folder that exists."""
        self._folder = folder
        self._records_per_shard = records_per_shard
        self._open: dict[tuple[str, float], _Shard] = {}
        self._count: dict[tuple[str, float], int] = {}

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
        shard = self._open.get(key)
        if shard is not None and shard.records >= self._records_per_shard:
            shard.close()
            shard = None
        if shard is None:
            number = self._count.get(key, 0)
            self._count[key] = number + 1
            path = self._folder / f"{unit}_{sampling_rate_hz:g}hz_{number:04d}.npy"
            shard = self._open[key] = _Shard(path, samples)
        return Place(shard.path.name, shard.append(samples))

    def close(self, unit: str) -> None:
        """Finish the shards of the dataset's unit and remove those of all others."""
        for shard in self._open.values():
            shard.close()
        self._open = {}
        for path in self._folder.glob("*.npy"):
            if not path.name.startswith(f"{unit}_"):
                path.unlink()

    def discard(self) -> None:
        """Close all files without finishing them."""
        for shard in self._open.values():
            shard.discard()
        self._open = {}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file of a folder, by name."""
    return {
        path.name: {"size": path.stat().st_size, "sha256": sha256(path)} for path in sorted(folder.iterdir())
    }
