"""The order in which records are seen: a function of (seed, epoch), so that training can resume anywhere.

Lightning stores a loader's ``state_dict`` with each checkpoint and gives it back on resume. Because the
order of an epoch can be computed again, the number of batches already processed is all the state there is.
"""

from collections.abc import Iterator
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from seismic_lightning.data.raw import RawRecords, keep_whole
from seismic_lightning.data.resident import ResidentRecords


class KeyedOrder(Sampler[int]):
    """A shuffle keyed by (seed, epoch), shared by all ranks and sliced by rank.

    Args:
        n_records: Records in the split.
        seed: Seed of the whole training.
        rank: Place of this process among ``world_size``.
        world_size: Processes that share the epoch; the tail wraps around so that all do the same number of
            steps.
    """

    def __init__(self, n_records: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        """Start at the beginning of epoch 0."""
        self.n_records, self.seed, self.rank, self.world_size = n_records, seed, rank, world_size
        self.epoch = 0
        self.start = 0

    def __len__(self) -> int:
        """Return the number of records this rank sees in a full epoch."""
        return -(-self.n_records // self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration; Lightning calls this before each, also after a resume."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Yield places from ``start`` on, once; the next epoch begins at its beginning again."""
        generator = torch.Generator().manual_seed(_key(self.seed, self.epoch))
        order = torch.randperm(self.n_records, generator=generator)
        start, self.start = self.start, 0
        yield from share(order, self.rank, self.world_size)[start:].tolist()


def share(order: Tensor, rank: int, world_size: int) -> Tensor:
    """Return one rank's part of an order.

    All parts are equally long, as ranks that did different numbers of steps would wait for each other for
    ever; the order's beginning fills up its end.

    Args:
        order: ``(n,)`` places in the order they would be seen by a single process.
        rank: Place of this process.
        world_size: Number of processes.
    """
    length = -(-len(order) // world_size) * world_size
    repeated = order.repeat(-(-length // max(len(order), 1)))
    return repeated[:length][rank::world_size]


class ResumableLoader(DataLoader[Any]):
    """Training loader whose only state is the number of batches done in the current epoch.

    Args:
        records: The training split.
        order: The keyed order of its records.
        batch_size: Records per batch.
        module: The DataModule whose trainer knows epoch and progress.
        pin_memory: Page-lock batches for an asynchronous copy to the GPU.
    """

    def __init__(
        self,
        records: RawRecords | ResidentRecords,
        order: KeyedOrder,
        batch_size: int,
        module: L.LightningDataModule,
        pin_memory: bool,
    ) -> None:
        """Fetch in this process: a worker would copy more bytes between processes than it reads."""
        super().__init__(
            records,
            batch_size=batch_size,
            sampler=order,
            collate_fn=keep_whole,
            num_workers=0,
            pin_memory=pin_memory,
        )
        self.order = order
        self.module = module

    def state_dict(self) -> dict[str, int]:
        """Return the batches to skip on resume: none for a checkpoint from an epoch's end.

        At save time ``completed`` still lags one behind ``processed``.
        """
        assert self.module.trainer is not None
        loop = self.module.trainer.fit_loop
        progress: Any = loop.epoch_loop.batch_progress.current
        return {"batches": progress.processed % int(loop.max_batches)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Start the next epoch's iteration behind the batches already processed."""
        assert self.batch_size is not None
        self.order.start = state["batches"] * self.batch_size


def _key(seed: int, epoch: int) -> int:
    """Mix seed and epoch so that neighbouring seeds share no epoch's order."""
    return (seed * 1_000_003 + epoch) % 2**63
