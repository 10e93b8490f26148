"""Refuse what this machine cannot do, and warn of what it does badly, before any data is loaded."""

import os
import time
from typing import Any

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.errors import ConfigurationError

SHARDED = "ShardedStrategy"
CLUSTERS = ("TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "MASTER_ADDR")
"""Any of these tells that somebody has started this process as one of several."""


def check_hardware(config: DictConfig) -> list[str]:
    """Compare what was asked for with what there is.

    Args:
        config: The composed configuration.

    Returns:
        What will work badly, in words.

    Raises:
        ConfigurationError: What cannot work.
    """
    trainer = config.trainer
    kind = _kind(trainer.accelerator)
    n_devices = _n_devices(trainer.devices, kind)
    _check_processes(config, n_devices)
    words = []
    if kind == "cpu" and n_devices > (n_cores := _n_cores()):
        words.append(
            f"devices={n_devices} processes share {n_cores} processor cores and will wait for each other: "
            f"devices={n_cores} is as fast."
        )
    if kind == "cpu":
        words += _words_on_precision(str(config.precision.mode))
    if config.compile:
        _check_compiler(kind)
    return words


def _kind(accelerator: str) -> str:
    """Return ``cpu``, ``cuda`` or another word of Lightning's."""
    import torch

    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if accelerator == "auto":
        return "cuda" if has_cuda else "mps" if has_mps else "cpu"
    if accelerator == "gpu" and has_mps and not has_cuda:
        return "mps"
    if accelerator in ("gpu", "cuda") and not has_cuda:
        built = "" if torch.version.cuda else "; this PyTorch is built for processors only"
        raise ConfigurationError(
            f"trainer.accelerator={accelerator}: no GPU was found{built}; use trainer=cpu or trainer=auto."
        )
    return "cuda" if accelerator == "gpu" else accelerator


def _n_devices(devices: Any, kind: str) -> int:  # noqa: ANN401 - whatever was typed
    """Return how many devices are asked for, having refused those that are not there."""
    import torch

    n_there = torch.cuda.device_count() if kind == "cuda" else 1
    text = str(devices)
    if text in ("auto", "-1"):
        return n_there
    try:
        wanted = [
            int(part) for part in (devices if OmegaConf.is_list(devices) else text.split(",")) if part != ""
        ]
    except (TypeError, ValueError):
        wanted = []
    is_list = OmegaConf.is_list(devices) or "," in text
    n_wanted = len(set(wanted)) if is_list else sum(wanted)
    if n_wanted < 1 or min(wanted) < 0 or (is_list and n_wanted < len(wanted)):
        raise ConfigurationError(
            f"devices={devices} cannot be used: give auto, a number, or a list as [0,1]."
        )
    if kind == "cuda" and (max(wanted) >= n_there if is_list else n_wanted > n_there):
        raise ConfigurationError(
            f"devices={devices}, but this machine shows {n_there} GPU(s): give devices={n_there} or fewer"
            + ("." if "CUDA_VISIBLE_DEVICES" not in os.environ else ", or set CUDA_VISIBLE_DEVICES.")
        )
    return n_wanted


def _n_cores() -> int:
    """Return the number of cores that this process may use; not every system tells."""
    mine = getattr(os, "sched_getaffinity", None)
    return len(mine(0)) if mine else os.cpu_count() or 1


def _check_processes(config: DictConfig, n_devices: int) -> None:
    """Refuse numbers of processes that nobody has started, or too few to share a model."""
    n_nodes = config.trainer.num_nodes
    strategy = OmegaConf.select(config, "trainer.strategy._target_") or str(config.trainer.strategy)
    if strategy.endswith(SHARDED):
        if n_devices * n_nodes < 2:
            raise ConfigurationError(
                f"trainer=fsdp shares a model between devices, and devices={config.trainer.devices} "
                f"num_nodes={n_nodes} is one: give devices=2 or more, or use trainer=auto."
            )
        if "first_stage" in (config.get("model") or {}):
            raise ConfigurationError(
                "trainer=fsdp cannot share a model that is built upon another: use trainer=ddp."
            )
        if "ema" in config.callbacks:
            raise ConfigurationError(
                "callbacks=ema keeps a second model, which trainer=fsdp would not share: use trainer=ddp."
            )
    if n_nodes > 1 and not any(name in os.environ for name in CLUSTERS):
        raise ConfigurationError(
            f"num_nodes={n_nodes}: this process was started on one node alone; start it on every node, by "
            "srun or torchrun."
        )
    n_started = int(os.environ.get("WORLD_SIZE", "1"))
    if "TORCHELASTIC_RUN_ID" in os.environ and n_started != n_devices * n_nodes:
        n_local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        raise ConfigurationError(
            f"torchrun has started {n_started} processes, and devices={config.trainer.devices} "
            f"num_nodes={n_nodes} asks for {n_devices * n_nodes}: give devices={n_local} "
            f"num_nodes={n_started // n_local}."
        )


def _words_on_precision(mode: str) -> list[str]:
    """Return what is to be said of half precision on a processor."""
    if mode.startswith("16"):
        raise ConfigurationError(
            "precision=fp16 works on GPUs only: on a processor use precision=fp32, or bf16 where it is fast."
        )
    if not mode.startswith("bf16") or has_bf16_units():
        return []
    return [
        f"precision=bf16 takes {slowdown_of_bf16():.1f} times as long as precision=fp32 on this processor, "
        "which has no units for it (measured on one layer): use precision=fp32."
    ]


def has_bf16_units() -> bool:
    """Tell whether the processor multiplies in bfloat16 by itself."""
    import torch

    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in asked)


def slowdown_of_bf16() -> float:
    """Measure how much longer one convolution with its gradients takes in bfloat16 than in float32."""
    import torch

    layer = torch.nn.Conv2d(32, 64, 3, stride=2, padding=1)
    images = torch.ones(4, 32, 64, 64)

    def duration_s(enabled: bool) -> float:
        tic = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            layer(images).float().sum().backward()
        return time.perf_counter() - tic

    whole, half = (min(duration_s(enabled) for _ in range(7)) for enabled in (False, True))
    return half / whole


def _check_compiler(device: str) -> None:
    """Refuse to compile where there is no compiler; a training would find that out after its data is read."""
    import torch

    try:
        torch.compile(torch.neg)(torch.ones(2, device=device))
    except Exception as error:  # of the compiler at hand, whichever that is
        reason = str(error).strip().partition("\n")[0][:200]
        raise ConfigurationError(
            f"compile=true: nothing can be compiled here ({reason}); leave it out."
        ) from error
