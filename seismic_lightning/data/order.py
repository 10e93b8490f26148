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
from seismic_lightning.errors import CheckpointError, ConfigurationError


class KeyedBatches(Sampler[list[int]]):
    """Batches of a shuffle keyed by (seed, epoch), dealt out to all processes in turn.

    What matters is how many batches make up a step, not where they are computed: two processes see the
    batches that one process sees which accumulates two.

    Args:
        n_records: Records in the split.
        batch_size: Records per batch.
        seed: Seed of the whole training.
        rank: Place of this process among ``world_size``.
        world_size: Processes that share the epoch.
        accumulate: Batches of one process that make up a step.
    """

    def __init__(
        self,
        n_records: int,
        batch_size: int,
        seed: int,
        *,
        rank: int = 0,
        world_size: int = 1,
        accumulate: int = 1,
    ) -> None:
        """Start at the beginning of epoch 0."""
        self.n_records, self.batch_size, self.seed = n_records, batch_size, seed
        self.rank, self.world_size, self.accumulate = rank, world_size, accumulate
        self.epoch = 0
        self.start = 0

    @property
    def sampler(self) -> "KeyedBatches":
        """Return itself: Lightning looks here for somebody to tell the epoch to."""
        return self

    def __len__(self) -> int:
        """Return the number of batches this rank sees in a full epoch."""
        return len(self._own(torch.arange(self.n_records)))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration; Lightning calls this before each, also after a resume."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches from ``start`` on, once; the next epoch begins at its beginning again."""
        generator = torch.Generator().manual_seed(_key(self.seed, self.epoch))
        order = torch.randperm(self.n_records, generator=generator)
        start, self.start = self.start, 0
        for batch in self._own(order)[start:]:
            yield batch.tolist()

    def _own(self, order: Tensor) -> list[Tensor]:
        return deal(order, self.batch_size, self.world_size * self.accumulate)[self.rank :: self.world_size]


def deal(order: Tensor, batch_size: int, n_parts: int) -> list[Tensor]:
    """Cut an order into batches whose number ``n_parts`` divides, so that nobody waits for a batch in vain.

    All batches are full, but for those of the last round, which share evenly what is left; where that is not
    a record for each, it joins the round before. Nothing is lost and nothing is seen twice.

    Args:
        order: ``(n,)`` places in the order in which they would be seen one by one.
        batch_size: Records per batch.
        n_parts: Batches of a round.

    Raises:
        ConfigurationError: There are fewer records than parts.

    Example:
        >>> [batch.tolist() for batch in deal(torch.arange(7), 2, 2)]
        [[0, 1], [2, 3], [4, 5], [6]]
    """
    if len(order) < n_parts:
        raise ConfigurationError(
            f"{len(order)} records cannot be shared by {n_parts} processes and accumulated batches: lower "
            "devices, num_nodes or trainer.accumulate_grad_batches."
        )
    n_rounds, n_left = divmod(len(order), batch_size * n_parts)
    if 0 < n_left < n_parts:
        n_rounds -= 1
    n_dealt = n_rounds * batch_size * n_parts
    rounds = torch.split(order[:n_dealt], batch_size) if n_dealt else ()
    last = order[n_dealt:].tensor_split(n_parts) if n_dealt < len(order) else ()
    return [*rounds, *last]


class ResumableLoader(DataLoader[Any]):
    """Training loader whose only state is the number of batches done in the current epoch.

    Args:
        records: The training split.
        batches: The keyed batches of its records.
        module: The DataModule whose trainer knows epoch and progress.
        pin_memory: Page-lock batches for an asynchronous copy to the GPU.
    """

    def __init__(
        self,
        records: RawRecords | ResidentRecords,
        batches: KeyedBatches,
        module: L.LightningDataModule,
        pin_memory: bool,
    ) -> None:
        """Fetch in this process: a worker would copy more bytes between processes than it reads."""
        super().__init__(
            records,
            batch_sampler=batches,
            collate_fn=keep_whole,
            num_workers=0,
            pin_memory=pin_memory,
        )
        self.batches = batches
        self.module = module

    def state_dict(self) -> dict[str, int]:
        """Return the batches to skip on resume, none for a checkpoint from an epoch's end, and for whom.

        At save time ``completed`` still lags one behind ``processed``.
        """
        assert self.module.trainer is not None
        loop = self.module.trainer.fit_loop
        progress: Any = loop.epoch_loop.batch_progress.current
        done = progress.processed % int(loop.max_batches)
        return {"batches": done, "processes": self.batches.world_size}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Start the next epoch's iteration behind the batches already processed.

        Raises:
            CheckpointError: They were dealt to another number of processes, which would see other batches.
        """
        here = self.batches.world_size
        there = state.get("processes", here)  # older checkpoints do not say it
        if state["batches"] and there != here:
            raise CheckpointError(
                f"the checkpoint lies within an epoch; its run's number of processes was {there}, this run's "
                f"is {here}: resume with {there}, or from a checkpoint of an epoch's end"
            )
        self.batches.start = state["batches"]


def _key(seed: int, epoch: int) -> int:
    """Mix seed and epoch so that neighbouring seeds share no epoch's order."""
    return (seed * 1_000_003 + epoch) % 2**63
