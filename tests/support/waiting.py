"""A device that cannot be waited for, and runs that end before one of their steps."""

from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.strategies import SingleDeviceStrategy
from support.training import quiet_trainer

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


class MetaAccelerator(CPUAccelerator):
    """Lightning's word for a device that is set up by doing nothing."""

    def setup_device(self, device: torch.device) -> None:
        """Take any device."""


class MetaStrategy(SingleDeviceStrategy):
    """One such device, which stays as it is when a run is over."""

    def teardown(self) -> None:
        """Bring nothing home: there is nothing."""


class MetaHost(KillAt):
    """Lets a Trainer work on ``META`` and counts how often it asks, as a copy to the host gives zeros.

    Attributes:
        asked: Copies to the host before the run was stopped.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        """Replace the copy to the host, and the generator that this device lacks."""
        super().__init__(step)
        self.asked = 0
        copy = torch.Tensor.cpu

        def cpu(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.device != META:
                return copy(tensor)
            self.asked += 1
            return torch.zeros(tensor.shape, dtype=tensor.dtype)

        monkeypatch.setattr(torch.Tensor, "cpu", cpu)
        # Lightning sums lengths on the device before it begins.
        monkeypatch.setattr("lightning.pytorch.loops.fit_loop.has_len_all_ranks", lambda *_, **__: True)

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Stop the run."""
        assert batch.spectrogram.device == pl_module.device == META
        super().on_train_batch_start(trainer, pl_module, batch, batch_idx)

    def trainer(self, folder: Path, *callbacks: L.Callback, **options: Any) -> L.Trainer:  # noqa: ANN401
        """Build a quiet Trainer on that device, whose run is stopped."""
        strategy = MetaStrategy(device=META, accelerator=MetaAccelerator())
        options |= {"accelerator": "auto", "strategy": strategy, "limit_val_batches": 0}
        return quiet_trainer(folder, *callbacks, self, **options)
