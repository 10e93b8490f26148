"""Means over the records of an epoch, gathered on the device and asked for once.

Lightning's own bookkeeping of epoch means costs the host about as much per step as launching the layers does.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


class EpochMeans:
    """Sum the parts of an objective over batches of any size."""

    def __init__(self) -> None:
        """Start without records."""
        self.n_records = 0
        self._names: list[str] = []
        self._sums = torch.zeros(())

    def add(self, parts: Mapping[str, Tensor]) -> None:
        """Add a batch.

        Args:
            parts: ``(B,)`` each, always of the same names.
        """
        self._names = list(parts)
        sums = torch.stack([part.detach().sum() for part in parts.values()])
        self._sums = sums if self.n_records == 0 else self._sums + sums
        self.n_records += len(next(iter(parts.values())))

    def named(
        self, stage: str, sum_over_processes: Callable[[Tensor], Any] | None = None
    ) -> dict[str, Tensor]:
        """Return the means over the records that all processes have seen so far, each counted once.

        Args:
            stage: Put before each name, as in ``val/loss``.
            sum_over_processes: Adds up what each process has; None where there is one.

        Returns:
            Scalars; none before the first record.
        """
        if self.n_records == 0:
            return {}
        totals = torch.cat([self._sums, self._sums.new_full((1,), self.n_records)])
        if sum_over_processes is not None:
            totals = sum_over_processes(totals)
        means = (totals[:-1] / totals[-1]).unbind()
        return {f"{stage}/{name}": mean for name, mean in zip(self._names, means, strict=True)}
