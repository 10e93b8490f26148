"""Means over the records of an epoch, gathered on the device and asked for once.

Lightning's own bookkeeping of epoch means costs the host about as much per step as launching the layers does.
"""

import torch
from torch import Tensor

from seismic_lightning.models.objective import Objective


class EpochMeans:
    """Sum the parts of the objective over batches of any size."""

    def __init__(self) -> None:
        """Start without records."""
        self.n_records = 0
        self._sums = torch.zeros(())

    def add(self, parts: Objective) -> None:
        """Add a batch.

        Args:
            parts: ``(B,)`` each.
        """
        sums = torch.stack([part.detach().sum() for part in parts])
        self._sums = sums if self.n_records == 0 else self._sums + sums
        self.n_records += len(parts.loss)

    def named(self, stage: str) -> dict[str, Tensor]:
        """Return the means over the records so far.

        Args:
            stage: Put before each name, as in ``val/loss``.

        Returns:
            Scalars; none before the first record.
        """
        if self.n_records == 0:
            return {}
        means = (self._sums / self.n_records).unbind()
        return {f"{stage}/{name}": mean for name, mean in zip(Objective._fields, means, strict=True)}
