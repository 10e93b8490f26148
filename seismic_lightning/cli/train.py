"""``train.py`` and ``seismic-train``: one configuration in, one trained model out.

Torch and Lightning are imported inside functions, so that ``--help``, ``--cfg`` and mistyped settings
answer at once.
"""

import functools
import logging
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from seismic_lightning.cli.advice import (
    check_ranges,
    knobs_without_effect,
    word_on_quantities,
    words_on_conditions,
)
from seismic_lightning.cli.build import build_datamodule, build_model, build_trainer
from seismic_lightning.cli.console import say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.outcome import Result, run_recorded
from seismic_lightning.cli.processes import is_loss_of_process, together, words_for_all
from seismic_lightning.cli.schema import TrainConfig
from seismic_lightning.cli.slurm import check_job, was_requeued
from seismic_lightning.cli.sweep_job import job_command, one_after_another, prepare_job
from seismic_lightning.errors import ConfigurationError, TrainingError

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule, Trainer

    from seismic_lightning.data.datamodule import SpectrogramDataModule

UNHELPFUL_WARNINGS = (
    r".*LeafSpec.*is deprecated",  # Lightning's own use of torch
    r".*does not have many workers",  # batches are fetched whole; a worker would slow them down
    r"Checkpoint directory .* exists and is not empty",  # a resumed run goes on in its folder
    r"Found \d+ module\(s\) in eval mode",  # a first stage is not trained
    r"Precision .* is not supported by the model summary",  # it concerns a size estimate
    r"You're using the WeightAveraging callback with a model that overrides",  # nothing is sharded beside it
    r"It is recommended to use .*sync_dist=True",  # figures are summed up at once: see docs/devices.md
    r"The number of training batches .* is smaller than the logging interval",  # every epoch is logged anyway
)

log = logging.getLogger(__name__)


def main() -> None:
    """Run the command."""
    launch(functools.partial(run_recorded, train), "train", TrainConfig, words_for_all=words_for_all)


def train(config: DictConfig) -> Result:
    """Train one model, test its best checkpoint, and say where everything is.

    Args:
        config: A composed ``TrainConfig``.

    Returns:
        The best value of ``config.monitor``, and what was tested there.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from seismic_lightning.cli.hardware import check_hardware
    from seismic_lightning.cli.resume import resolve_checkpoint

    check_ranges(config)
    hydra = HydraConfig.get()
    check_job(config, hydra.runtime.choices["trainer"], in_sweep=hydra.mode == RunMode.MULTIRUN)
    overrides, run_dir = list(hydra.overrides.task), Path(config.paths.run_dir)
    for override in knobs_without_effect(config, overrides):
        log.warning("%s has no effect here: no chosen option reads it.", override)
    for word in check_hardware(config):
        log.warning(word)
    if was_requeued() and (run_dir / "checkpoints" / "last.ckpt").is_file():
        config.ckpt_path = "last"
    checkpoint = resolve_checkpoint(config.ckpt_path, run_dir, Path(config.output_dir), config.task)
    prepare_lightning(config.seed)
    command = None
    if hydra.mode == RunMode.MULTIRUN:
        command = job_command(sys.argv, overrides, checkpoint)
    with lightning_refusals(), one_after_another(command):
        trainer = build_trainer(config)
        if command is not None and trainer.world_size > 1:
            prepare_job(trainer)
        with together(trainer):
            return train_with(trainer, config, overrides, checkpoint)


def train_with(
    trainer: "Trainer", config: DictConfig, overrides: list[str], checkpoint: Path | None
) -> Result:
    """Get data and model, train and test."""
    from seismic_lightning.cli.instantiate import instantiate
    from seismic_lightning.cli.provenance import describe_run, write_description

    datamodule = build_datamodule(config, instantiate(config.data.source))
    model = build_model(config, datamodule)
    families = datamodule.dataset.metadata["trace_channel"]
    mixed = word_on_quantities(families, config.preprocess.units)
    for word in [*words_on_conditions(config, model.is_conditional), *([mixed] if mixed else [])]:
        log.warning(word)
    if checkpoint is not None:
        model.check_checkpoint(checkpoint)
    if trainer.is_global_zero:
        write_description(Path(config.paths.run_dir), describe_run(config.seed, overrides))
    fit(trainer, model, datamodule, checkpoint)
    return conclude(config, trainer, datamodule)


def prepare_lightning(seed: int) -> None:
    """Seed the initial weights, and leave out what Lightning would say that helps nobody here.

    Everything random after the weights is keyed by the seed instead of drawn from a generator with a state.
    """
    from lightning.pytorch import seed_everything

    seed_everything(seed, verbose=False)
    for name in ("lightning.pytorch", "lightning.fabric"):
        messages = logging.getLogger(name)
        messages.handlers.clear()  # the run's own handlers say it once
        messages.setLevel(logging.WARNING)
    for unhelpful in UNHELPFUL_WARNINGS:
        warnings.filterwarnings("ignore", unhelpful)


def fit(
    trainer: "Trainer",
    model: "LightningModule",
    datamodule: "SpectrogramDataModule",
    checkpoint: Path | None,
) -> None:
    """Train; a signal ends the command with that signal's exit code and a word on how to go on."""
    from seismic_lightning.callbacks.requeue import QUEUED_AGAIN

    try:
        trainer.fit(model, datamodule, ckpt_path=checkpoint)
    except SystemExit as ended:
        if ended.code == QUEUED_AGAIN:
            raise
        # Lightning's answer to both signals
        last = Path(trainer.default_root_dir) / "checkpoints" / "last.ckpt"
        way = f"go on with ckpt_path={last}" if last.is_file() else "nothing was saved yet"
        log.error("Interrupted in epoch %d; %s.", trainer.current_epoch, way)
        sys.exit(128 + (signal.SIGTERM if trainer.received_sigterm else signal.SIGINT))
    except RuntimeError as error:
        if not is_loss_of_process(error):
            raise
        last = Path(trainer.default_root_dir) / "checkpoints" / "last.ckpt"
        raise TrainingError(
            f"epoch {trainer.current_epoch}: another process of the run has ended, and none goes on alone: "
            f"see what it said, then go on with ckpt_path={last}"
        ) from error
    if checkpoint is not None:
        log.info("Epoch %d of %s is done.", trainer.current_epoch, trainer.max_epochs)


@contextmanager
def lightning_refusals() -> Iterator[None]:
    """Let Lightning's word for a setting it cannot use be a user's error.

    Raises:
        ConfigurationError: For example a device that the machine lacks, or a monitor that nothing logs.
    """
    from lightning.fabric.utilities.exceptions import MisconfigurationException

    try:
        yield
    except MisconfigurationException as error:
        raise ConfigurationError(" ".join(str(error).split())) from error


def conclude(config: DictConfig, trainer: "Trainer", datamodule: "SpectrogramDataModule") -> Result:
    """Test the best checkpoint and say the best metric, where it is, and how to look at the run.

    Raises:
        ConfigurationError: Nothing was trained, or nothing logs ``config.monitor``.
    """
    best = getattr(trainer.checkpoint_callback, "best_model_path", "")
    score = getattr(trainer.checkpoint_callback, "best_model_score", None)
    if score is None:
        score = trainer.callback_metrics.get(config.monitor)
    if score is None:
        logged = ", ".join(trainer.callback_metrics) or "nothing, as no epoch was left to train"
        raise ConfigurationError(f"monitor={config.monitor} was not logged; logged was {logged}.")
    trainer.test(trainer.lightning_module, datamodule, ckpt_path=best or None, verbose=False)
    metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
    tested = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
    run_dir, root = Path(config.paths.run_dir).absolute(), Path(config.output_dir).absolute()
    board = f"tensorboard --logdir {config.output_dir if run_dir.is_relative_to(root) else run_dir}"
    say(
        f"tested           {tested}",
        f"best metric      {config.monitor} = {float(score):.6g}",
        f"best checkpoint  {best or 'none was written'}",
        f"dashboard        {board if 'tensorboard' in config.logger else 'none without logger=tensorboard'}",
    )
    return Result(config.monitor, float(score), metrics, best or None)


if __name__ == "__main__":
    main()
