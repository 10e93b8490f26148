"""A device that cannot be waited for, and runs that end before one of their steps."""

from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.strategies import SingleDeviceStrategy

from seismic_lightning.batch import Batch

META = torch.device("meta")
"""Its tensors have shapes but no data: whatever asks for a value, or mixes devices, fails."""


class KilledError(Exception):
    """Stands for a process that is gone."""


class KillAt(L.Callback):
    """Stop a run before one of its steps."""

    def __init__(self, step: int) -> None:
        """Keep the step."""
        self.step = step

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Stop the run."""
        if trainer.global_step == self.step:
            raise KilledError


def on_meta(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let a Trainer work on ``META`` and return its options; ``cpu()`` counts and gives zeros.

    A copy to the host is the one way to ask, so that a test can say how often that was done.
    """
    counted = {"asked": 0}
    copy = torch.Tensor.cpu

    def cpu(tensor: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:  # noqa: ANN401
        if tensor.device != META:
            return copy(tensor, *args, **options)
        counted["asked"] += 1
        return torch.zeros(tensor.shape, dtype=tensor.dtype)

    monkeypatch.setattr(torch.Tensor, "cpu", cpu)
    monkeypatch.setattr("seismic_lightning.models.base.keyed_generator", lambda *_: None)
    return counted | {"strategy": SingleDeviceStrategy(device=META)}
