"""The typed shape of groups that only training has."""

from dataclasses import dataclass
from typing import Any


@dataclass
class ConditionSection:
    """What a condition tells of where the source is: its ``location``, or the ``physics`` of the path."""

    features: str = "location"


@dataclass
class PrecisionSection:
    """Arithmetic of the model, in Lightning's word."""

    mode: str = "32-true"


@dataclass
class TrainerSection:
    """The arguments of Lightning's Trainer under Lightning's names.

    Defaults are Lightning's own; those of this project stand in ``conf/trainer/auto.yaml``. Loggers and
    callbacks are groups of their own, and plugins the command's affair.
    """

    _target_: str = "lightning.pytorch.Trainer"
    accelerator: str = "auto"
    strategy: Any = "auto"
    devices: Any = "auto"
    num_nodes: int = 1
    precision: str | None = None
    fast_dev_run: Any = False
    max_epochs: int | None = None
    min_epochs: int | None = None
    max_steps: int = -1
    min_steps: int | None = None
    max_time: Any = None
    limit_train_batches: int | float | None = None
    limit_val_batches: int | float | None = None
    limit_test_batches: int | float | None = None
    limit_predict_batches: int | float | None = None
    overfit_batches: int | float = 0.0
    val_check_interval: Any = None
    check_val_every_n_epoch: int | None = 1
    num_sanity_val_steps: int | None = None
    log_every_n_steps: int | None = None
    enable_checkpointing: bool | None = None
    enable_progress_bar: bool | None = None
    enable_model_summary: bool | None = None
    accumulate_grad_batches: int = 1
    gradient_clip_val: float | None = None
    gradient_clip_algorithm: str | None = None
    deterministic: Any = None
    benchmark: bool | None = None
    inference_mode: bool = True
    use_distributed_sampler: bool = True
    profiler: Any = None
    detect_anomaly: bool = False
    barebones: bool = False
    sync_batchnorm: bool = False
    reload_dataloaders_every_n_epochs: int = 0
    default_root_dir: str | None = None
    enable_autolog_hparams: bool = True
    model_registry: str | None = None
