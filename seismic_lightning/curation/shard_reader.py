"""Reading of samples: records in any order out of the shards of a dataset.

A memory map reads ahead around every place that is touched, which for records in random order is mostly in
vain: where the files are not in memory yet, it is tens of times slower than to name all places of a batch
first and to read them then. Reading also leaves the samples out of this process's memory. Each batch gets an
array of its own: reusing one gains nothing that can be measured.
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

    def gather(self, shards: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[Any]:
        """Read some records of one shape.

        Args:
            shards: ``(n,)`` numbers of shards, at least one.
            rows: ``(n,)`` rows in them.

        Returns:
            ``(n, C, N)`` samples, a fresh array.

        Raises:
            DatasetError: A shard ends before a record does, or cannot be opened.
        """
        wanted = zip(shards.tolist(), rows.tolist(), strict=True)
        places = [(self._shard(shard), self._file(shard), row) for shard, row in wanted]
        first = places[0][0]
        samples = np.empty((len(places), *first.shape), dtype=first.dtype)
        if hasattr(os, "posix_fadvise"):  # macOS has no such call
            for shard, file, row in places:
                os.posix_fadvise(file.number, shard.start(row), shard.record_bytes, os.POSIX_FADV_WILLNEED)
        for record, (shard, file, row) in zip(samples, places, strict=True):
            if os.preadv(file.number, [record], shard.start(row)) != shard.record_bytes:
                raise DatasetError(
                    f"{shard.path} ends before row {row} does. Curate again with overwrite=true."
                )
        return samples

    def _shard(self, number: int) -> "_Shard":
        if number not in self._shards:
            self._shards[number] = _Shard(self._folder / self._names[number])
        return self._shards[number]

    def _file(self, number: int) -> "_OpenFile":
        """Return the file of a shard; the last one used is last among those that are open."""
        file = self._open.pop(number, None) or _OpenFile(self._shards[number].path)
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
                shape, _, self.dtype = np.lib.format.read_array_header_1_0(file)
                self._header_bytes = file.tell()
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"{path} cannot be read ({error}). Curate again with overwrite=true."
            ) from error
        self.path = path
        self.shape = shape[1:]
        self.record_bytes = self.dtype.itemsize * math.prod(self.shape)

    def start(self, row: int) -> int:
        """Return the place of a record's first byte in the file."""
        return self._header_bytes + row * self.record_bytes


class _OpenFile:
    """A file that is open as long as somebody has this object."""

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.number)
