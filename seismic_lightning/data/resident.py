"""Samples that live on the training device: batches ship as places, and are gathered where they are used.

An accelerator trains on more records a second than one processor core can copy out of a memory map. Where the
raw samples of a split fit into its memory they are copied there once; from then on a batch is a handful of
whole numbers, and ``index_select`` on the device takes the place of the gather on the host. The records are
the same ones in the same order, bit for bit, and a checkpoint of one way can be resumed the other way.
"""

import logging
from typing import Any, NamedTuple

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from seismic_lightning.data.raw import RawBatch, RawGroup, RawRecords
from seismic_lightning.errors import ConfigurationError

log = logging.getLogger(__name__)

MODES = ("auto", "true", "false")
AUTO_SHARE = 0.5
"""Share of a device's free memory that all resident splits together may take with ``auto``; the rest is for
the model, its activations and the chunks of preprocessing."""
FORCED_SHARE = 0.95
"""The same with ``true``: more leaves no room for a single step."""
LOADED_RECORDS = 1024
"""Records on their way to the device at once."""
GIGABYTE = 1e9


class Block:
    """Samples of one sampling rate on a device; a class of its own, so that moving a batch moves no block.

    Attributes:
        samples: ``(n, C, N)`` int32 counts or float32 in SI units.
    """

    def __init__(self, samples: Tensor) -> None:
        """Keep the samples."""
        self.samples = samples


class PlaceGroup(NamedTuple):
    """The records of a batch that share one sampling rate, as places in a block.

    Attributes:
        sampling_rate_hz: Their native sampling rate.
        positions: ``(n,)`` int64 places of these records within the batch.
        places: ``(n,)`` int64 places of these records within the block.
        block: Where their samples lie.
        gapless: Whether none of the samples is missing; False where that is not known.
    """

    sampling_rate_hz: float
    positions: Tensor
    places: Tensor
    block: Block
    gapless: bool = False

    def gathered(self) -> RawGroup:
        """Take the samples out of the block, on its device."""
        waveform = self.block.samples.index_select(0, self.places)
        return RawGroup(self.sampling_rate_hz, self.positions, waveform, self.gapless)


class PlaceBatch(NamedTuple):
    """What the loader delivers of a resident split.

    Attributes:
        groups: Places of the samples, one group per sampling rate, records with gaps apart.
        raw: All else that a batch holds.
    """

    groups: list[PlaceGroup]
    raw: RawBatch


def gathered(batch: RawBatch | PlaceBatch) -> RawBatch:
    """Return a batch with its samples, whichever way it came to the device.

    Args:
        batch: On the device.
    """
    if isinstance(batch, RawBatch):
        return batch
    return batch.raw._replace(groups=[group.gathered() for group in batch.groups])


class ResidentRecords(Dataset[PlaceBatch]):
    """One split of a dataset whose samples lie on a device.

    Args:
        records: What else is known of them.
        place: ``(n,)`` place of each record in the block of its sampling rate.
        blocks: Samples by sampling rate.
    """

    def __init__(self, records: RawRecords, place: NDArray[np.int64], blocks: dict[float, Block]) -> None:
        """Keep references; see ``load``."""
        self._records = records
        self._place = place
        self._blocks = blocks

    def __len__(self) -> int:
        """Return the number of records in the split."""
        return len(self._records)

    def __getitems__(self, places: list[int]) -> PlaceBatch:
        """Say where the records of a batch lie.

        Args:
            places: Places within the split, in the order the batch shall have.
        """
        within = np.asarray(places, dtype=np.int64)
        rows, place = self._records.rows[within], self._place[within]
        groups = [
            PlaceGroup(
                rate_hz,
                torch.from_numpy(positions),
                torch.from_numpy(place[positions]),
                self._blocks[rate_hz],
                gapless,
            )
            for rate_hz, gapless, positions in self._records.kinds(rows)
        ]
        return PlaceBatch(groups, self._records.described(rows, []))


def load(records: RawRecords, device: torch.device) -> ResidentRecords:
    """Copy all samples of a split to a device.

    Args:
        records: The split as it lies on disk.
        device: Where its samples shall lie.
    """
    place, blocks = np.empty(len(records), dtype=np.int64), {}
    rates_hz = records.dataset.rates_hz[records.rows]
    for rate_hz in np.unique(rates_hz).tolist():
        members = np.flatnonzero(rates_hz == rate_hz)
        place[members] = np.arange(members.size)
        blocks[rate_hz] = Block(_load(records, records.rows[members], device))
    records.dataset.release()
    return ResidentRecords(records, place, blocks)


class Residency:
    """Decides for each split whether its samples live on the training device, and keeps those that do."""

    def __init__(self, mode: str) -> None:
        """Take the setting.

        Args:
            mode: ``auto``: on CUDA devices, as long as it fits well; ``true``: on any device; ``false``:
                never.

        Raises:
            ConfigurationError: Another word.
        """
        self._mode = str(mode).lower()
        self._resident: dict[tuple[str, torch.device], ResidentRecords] = {}
        self._held_bytes = 0
        if self._mode not in MODES:
            raise ConfigurationError(f"data.resident={mode}: give one of {', '.join(MODES)}")

    def feed(self, split: str, records: RawRecords, device: torch.device) -> RawRecords | ResidentRecords:
        """Return what a loader of a split shall read from.

        Args:
            split: Its name.
            records: The split as it lies on disk.
            device: Where the model trains.

        Raises:
            ConfigurationError: It has to be resident and does not fit; both sizes are named.
        """
        key = (split, device)
        if key not in self._resident and self._wanted(split, records, device):
            self._held_bytes += needed_bytes(records)
            self._resident[key] = load(records, device)
        return self._resident.get(key, records)

    def _wanted(self, split: str, records: RawRecords, device: torch.device) -> bool:
        """Tell whether a split shall be resident, and say so."""
        if self._mode == "false" or (self._mode == "auto" and device.type != "cuda"):
            return False
        needed, free = needed_bytes(records), free_bytes(device)
        share = AUTO_SHARE if self._mode == "auto" else FORCED_SHARE
        fits = self._held_bytes + needed <= share * (self._held_bytes + free)
        sizes = f"{len(records)} records, {needed / GIGABYTE:.3g} GB"
        if not fits and self._mode == "true":
            raise ConfigurationError(
                f"data.resident=true: the {split} split ({sizes}) does not fit into the memory of {device}, "
                f"of which {free / GIGABYTE:.3g} GB are free; use data.resident=auto, or select fewer records"
            )
        where = "resident on" if fits else "read from disk, as it takes too much of what is free on"
        log.info("The %s split (%s) is %s %s.", split, sizes, where, device)
        return fits


def needed_bytes(records: RawRecords) -> int:
    """Return the size of a split's samples.

    Args:
        records: The split.
    """
    rates_hz, counts = np.unique(records.dataset.rates_hz[records.rows], return_counts=True)
    total = 0
    for rate_hz, count in zip(rates_hz, counts, strict=True):
        row = records.rows[np.flatnonzero(records.dataset.rates_hz[records.rows] == rate_hz)[:1]]
        total += int(count) * records.dataset.fetch(row)[0].waveform.nbytes
    return total


def free_bytes(device: torch.device) -> int:
    """Return the memory that is left on a device; of a processor, what programs can get without swapping.

    Args:
        device: CUDA or CPU.

    Raises:
        ConfigurationError: Another kind of device, whose memory cannot be asked for.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "cpu":
        return int(psutil.virtual_memory().available)
    raise ConfigurationError(f"data.resident=true: not on {device.type}, only on cuda and cpu; use auto")


def _load(records: RawRecords, rows: NDArray[np.int64], device: torch.device) -> Tensor:
    """Copy the samples of some rows of one sampling rate to a device, ``(n, C, N)``."""
    samples: Any = None
    for start in range(0, rows.size, LOADED_RECORDS):
        part = torch.from_numpy(records.dataset.fetch(rows[start : start + LOADED_RECORDS])[0].waveform)
        if samples is None:
            samples = torch.empty((rows.size, *part.shape[1:]), dtype=part.dtype, device=device)
        samples[start : start + len(part)].copy_(part)
    loaded: Tensor = samples
    return loaded
