"""A model in shards: each process keeps a part of the weights and of the optimizer's state (FSDP2).

Checkpoints are assembled on the first process, and are the same single file that every other training writes.
"""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.device_mesh import DeviceMesh

from seismic_lightning.models.checkpoint import read_checkpoint


class ShardedStrategy(ModelParallelStrategy):
    """Share weights, gradients and optimizer between all processes, and the records as without it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Lightning's options
        """Keep the options.

        Args:
            **options: Those of Lightning's strategy, its sizes excepted.
        """
        super().__init__(tensor_parallel_size=1, save_distributed_checkpoint=False, **options)

    def setup_environment(self) -> None:
        """Let all processes be one group."""
        self._data_parallel_size = self.num_nodes * self.num_processes
        super().setup_environment()

    def on_validation_start(self) -> None:
        """Judge the model that a checkpoint would hold."""
        self._share_buffers()

    def on_test_start(self) -> None:
        """Judge the model that a checkpoint would hold."""
        self._share_buffers()

    def _share_buffers(self) -> None:
        """Give all processes the running means of the first one's layers; each has gathered its own."""
        assert self.lightning_module is not None
        for buffer in self.lightning_module.buffers():
            torch.distributed.broadcast(buffer, src=0)

    def load_checkpoint(
        self, checkpoint_path: str | Path, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Load a single file into the shards, as plain data with its checksums compared.

        Args:
            checkpoint_path: Local file.
            weights_only: Without effect: nothing but plain data is ever loaded.

        Returns:
            The checkpoint.

        Raises:
            CheckpointError: If the file is missing, damaged or holds more than plain data.
        """
        path = Path(self.broadcast(checkpoint_path))
        whole = read_checkpoint(path)
        rest = super().load_checkpoint(path, weights_only=True)
        return {**rest, "state_dict": whole["state_dict"]}


def shard(model: nn.Module, mesh: DeviceMesh) -> None:
    """Share the layers of a model, each as a whole; a second call does nothing.

    Args:
        model: Its layers are called, it itself is not.
        mesh: Processes that share them.
    """
    from torch.distributed.fsdp import FSDPModule, fully_shard

    for layer in model.children():
        weights = list(layer.parameters())
        if not weights or isinstance(layer, FSDPModule):
            continue
        for weight in weights:
            weight.data = weight.data.contiguous()  # FSDP takes no channels-last weights
        fully_shard(layer, mesh=mesh)
