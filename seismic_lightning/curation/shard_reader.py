"""Reading of samples: records in any order out of the shards of a dataset.

A memory map reads ahead around every place that is touched, which for records in random order is mostly in
vain: where the files are not in memory yet, it is tens of times slower than to name all missing places of a
batch first and to read them then. Where they are, copying out of the map is the fastest way there is. The
byte in the middle of a record tells which of both: those at its ends may have come with a neighbour. Each
batch gets an array of its own, as reusing one gains nothing that can be measured.
"""

import math
import os
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import DatasetError

OPEN_AT_ONCE = 256
"""Shards kept open, a quarter of the files that a process may usually have."""


class ShardReader:
    """Gathers records by shard and row.

    Args:
        folder: Folder of the shards.
        names: Their names; a shard's number is its place among them.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """Open nothing yet."""
        self._folder = folder
        self._names = names
        self._shards: dict[int, _Shard] = {}
        self._open: OrderedDict[int, _OpenFile] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open files behind: another process opens them itself."""
        return {**self.__dict__, "_open": OrderedDict()}

    def close(self) -> None:
        """Close the open shards."""
        self._open.clear()

    def gather(self, shards: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[Any]:
        """Read some records of one shape.

        Args:
            shards: ``(n,)`` numbers of shards, at least one.
            rows: ``(n,)`` rows in them.

        Returns:
            ``(n, C, N)`` samples, a fresh array.

        Raises:
            DatasetError: A shard cannot be read, or is shorter than its header says.
        """
        wanted = zip(shards.tolist(), rows.tolist(), strict=True)
        places = [(self._shard(shard), self._file(shard), row) for shard, row in wanted]
        first = places[0][0]
        samples = np.empty((len(places), *first.shape), dtype=first.dtype)
        late = []
        for record, (shard, file, row) in zip(samples, places, strict=True):
            if file.holds(shard.start(row) + shard.record_bytes // 2):
                record[...] = file.records[row]
            else:
                file.announce(shard.start(row), shard.record_bytes)
                late.append((record, shard, file, row))
        for record, shard, file, row in late:
            shard.read_into(record, file.number, row)
        return samples

    def _shard(self, number: int) -> "_Shard":
        if number not in self._shards:
            self._shards[number] = _Shard(self._folder / self._names[number])
        return self._shards[number]

    def _file(self, number: int) -> "_OpenFile":
        """Return the file of a shard; the last one used is last among those that are open."""
        file = self._open.pop(number, None) or _OpenFile(self._shards[number])
        self._open[number] = file
        if len(self._open) > OPEN_AT_ONCE:
            self._open.popitem(last=False)
        return file


class _Shard:
    """What the header of a ``.npy`` file says: shape and type of its records, and where they begin."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                np.lib.format.read_magic(file)
                self.all_shape, _, self.dtype = np.lib.format.read_array_header_1_0(file)
                self.header_bytes = file.tell()
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        self.path = path
        self.shape = self.all_shape[1:]
        self.record_bytes = self.dtype.itemsize * math.prod(self.shape)

    def start(self, row: int) -> int:
        """Return the place of a record's first byte in the file."""
        return self.header_bytes + row * self.record_bytes

    def read_into(self, record: NDArray[Any], number: int, row: int) -> None:
        """Fill an array with a record, or say that the file no longer holds it."""
        try:
            n_bytes = os.preadv(number, [record.data], self.start(row))
        except OSError as error:
            raise _unreadable(self.path, error) from error
        if n_bytes != self.record_bytes:
            raise _unreadable(self.path, EOFError(f"row {row} ends after {n_bytes} bytes"))


class _OpenFile:
    """A shard that is open and mapped as long as somebody has this object."""

    def __init__(self, shard: _Shard) -> None:
        try:
            mapped = np.memmap(shard.path, shard.dtype, "r", shard.header_bytes, shard.all_shape)
            self.number = os.open(shard.path, os.O_RDONLY)
        except (OSError, ValueError) as error:  # also where the file is shorter than its header says
            raise _unreadable(shard.path, error) from error
        self.records = np.asarray(mapped)  # the plain view copies faster than NumPy's memmap class
        weakref.finalize(self, os.close, self.number)

    def holds(self, place: int) -> bool:
        """Tell whether the system has a byte in memory; macOS and some file systems cannot tell."""
        try:
            return os.preadv(self.number, [bytearray(1)], place, os.RWF_NOWAIT) == 1
        except (AttributeError, OSError):
            return False

    def announce(self, start: int, size: int) -> None:
        """Let the system fetch bytes meanwhile, where it takes such hints; macOS has no such call."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.number, start, size, os.POSIX_FADV_WILLNEED)


def _unreadable(path: Path, error: Exception) -> DatasetError:
    return DatasetError(f"{path} cannot be read ({error}). Curate again with overwrite=true.")
