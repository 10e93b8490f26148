"""Training as a whole: schedules, interruption and loss of numbers."""

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small
from support.waiting import KillAt, KilledError
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, ReduceLROnPlateau
from torch.utils.data import DataLoader

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.errors import CheckpointError, ConfigurationError, TrainingError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.vae import VAE

N_EPOCHS = 3
SCHEDULES: dict[str, Callable[[Optimizer], LRScheduler] | None] = {
    "none": None,
    "cosine": partial(CosineAnnealingLR, T_max=N_EPOCHS),
    # No loss falls tenfold in an epoch: every epoch is a plateau.
    "plateau": partial(ReduceLROnPlateau, patience=0, threshold=0.9, factor=0.5),
}


def run(
    folder: Path,
    model: SpectrogramAutoencoder,
    *callbacks: L.Callback,
    ckpt_path: Path | None = None,
    every_n_train_steps: int | None = None,
    accumulate_grad_batches: int = 1,
) -> dict[str, torch.Tensor]:
    """Train and return the final weights."""
    last = LastCheckpoint(folder, every_n_train_steps)
    trainer = quiet_trainer(
        folder, last, *callbacks, max_epochs=N_EPOCHS, accumulate_grad_batches=accumulate_grad_batches
    )
    trainer.fit(model, FakeDataModule(), ckpt_path=ckpt_path)
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize(("model_class", "schedule"), [(AE, "none"), (VAE, "cosine"), (CVAE, "plateau")])
@pytest.mark.parametrize(
    ("every_n_train_steps", "kill_at", "accumulate"), [(None, 5, 1), (1, 6, 1), (3, 5, 2)]
)
def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(
    model_class: type[SpectrogramAutoencoder],
    schedule: str,
    every_n_train_steps: int | None,
    kill_at: int,
    accumulate: int,
    tmp_path: Path,
) -> None:
    options = {"every_n_train_steps": every_n_train_steps, "accumulate_grad_batches": accumulate}

    def model(seed: int) -> SpectrogramAutoencoder:
        torch.manual_seed(seed)
        return small(model_class, scheduler=SCHEDULES[schedule])

    expected = run(tmp_path / "whole", model(1), **options)  # type: ignore[arg-type]
    with pytest.raises(KilledError):
        run(tmp_path / "killed", model(1), KillAt(kill_at), **options)  # type: ignore[arg-type]
    last = tmp_path / "killed" / "last.ckpt"
    resumed = run(tmp_path / "killed", model(2), ckpt_path=last, **options)  # type: ignore[arg-type]
    for name, weight in expected.items():
        assert torch.equal(resumed[name], weight), name


class OneOfTwo(FakeDataModule):
    """What the first of two processes sees."""

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return its share of the batches."""
        loader: Any = super().train_dataloader()
        loader.batches.world_size = 2
        return cast(DataLoader[Batch], loader)


def test_another_number_of_processes_resumes_between_epochs_only(tmp_path: Path) -> None:
    last = tmp_path / "last.ckpt"
    for kill_at, every_n_train_steps in ((6, 1), (5, None)):
        with pytest.raises(KilledError):
            run(tmp_path, small(), KillAt(kill_at), every_n_train_steps=every_n_train_steps)
        trainer = quiet_trainer(tmp_path, max_epochs=N_EPOCHS)
        if every_n_train_steps is None:
            trainer.fit(small(), OneOfTwo(), ckpt_path=last)
            assert trainer.global_step == 4 + 2 * 2  # an epoch of four batches, two of two
        else:
            with pytest.raises(CheckpointError, match=r"within an epoch; .* was 1, this run's is 2"):
                trainer.fit(small(), OneOfTwo(), ckpt_path=last)


def test_a_plateau_lowers_the_learning_rate(tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, max_epochs=N_EPOCHS)
    trainer.fit(small(scheduler=SCHEDULES["plateau"]), FakeDataModule())
    # The first epoch is the best so far; both others are plateaus.
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(1e-3 * 0.5**2)


def test_a_plateau_without_validation_is_refused(tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, limit_val_batches=0)
    with pytest.raises(ConfigurationError, match="scheduler=plateau waits for val/loss"):
        trainer.fit(small(scheduler=SCHEDULES["plateau"]), FakeDataModule())


def test_the_optimizer_is_the_one_asked_for() -> None:
    optimizer = small(optimizer=partial(torch.optim.SGD, lr=0.5)).configure_optimizers()
    assert isinstance(optimizer, torch.optim.SGD)
    assert optimizer.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize("model_class", [AE, VAE, CVAE])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_spoilt_record_stops_training_before_any_weight_changes(
    model_class: type[SpectrogramAutoencoder], value: float, tmp_path: Path
) -> None:
    module = FakeDataModule()
    module.everything.spectrogram[7, 1, 2, 3] = value
    model = small(model_class)
    with pytest.raises(
        TrainingError, match=r"epoch 0, step \d: the train loss .*1 of 4 records.*\(dataset rows 7\)"
    ):
        quiet_trainer(tmp_path).fit(model, module)
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def test_spoilt_weights_name_the_output(tmp_path: Path) -> None:
    model = small()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"model's output is at fault for 4 of 4 records"):
        quiet_trainer(tmp_path).fit(model, FakeDataModule())


def test_means_and_steps_are_logged(tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, log_every_n_steps=2)
    trainer.fit(small(), FakeDataModule())
    names = {"loss", "reconstruction", "kl", "mse"}
    expected = {f"{stage}/{name}" for stage in ("train", "val") for name in names} | {"train/loss_step"}
    assert expected <= set(trainer.callback_metrics)
    trainer.test(small(), FakeDataModule(), verbose=False)
    assert {f"test/{name}" for name in names} == set(trainer.callback_metrics)


def test_a_step_of_several_batches_is_logged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logger, model = CSVLogger(tmp_path), small()
    logged: list[str] = []
    log = model.log

    def noted(name: str, *values: Any, **more: Any) -> None:  # noqa: ANN401
        logged.append(name)
        log(name, *values, **more)

    monkeypatch.setattr(model, "log", noted)
    trainer = quiet_trainer(tmp_path, logger=logger, log_every_n_steps=1, accumulate_grad_batches=2)
    trainer.fit(model, FakeDataModule(batch_size=3))
    assert logged.count("train/loss_step") == trainer.global_step  # other batches do not wait for the device
    with Path(logger.experiment.metrics_file_path).open() as file:
        steps = [row["step"] for row in csv.DictReader(file) if row["train/loss_step"]]
    assert len(steps) == len(set(steps)) > 1


def test_logged_validation_loss_is_the_mean_over_records(tmp_path: Path) -> None:
    model, module = small(), FakeDataModule(batch_size=3)  # eight records: the last batch is smaller
    trainer = quiet_trainer(tmp_path)
    trainer.validate(model, module, verbose=False)
    rows = torch.from_numpy(module.rows("dev"))
    everything = module.everything
    condition = type(everything.condition)(*(part[rows] for part in everything.condition))
    whole = Batch(everything.waveform[rows], everything.spectrogram[rows], condition, rows)
    with torch.no_grad():
        expected = model.eval().validation_step(whole, 0)["loss"]
    torch.testing.assert_close(trainer.callback_metrics["val/loss"], expected)
