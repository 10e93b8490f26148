"""A training step asks an accelerator nothing, and what it learns late still names the culprits."""

from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import TQDMProgressBar
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small
from support.waiting import KilledError, MetaHost

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.callbacks.throughput import Throughput
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.errors import TrainingError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.finite import FiniteWatch, require_finite
from seismic_lightning.models.vae import VAE
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

STEPS = 3


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch losses on the CPU as on an accelerator."""
    monkeypatch.setattr("seismic_lightning.models.finite._answers_at_once", lambda _: False)


@pytest.mark.parametrize("mode", ["true", "false"])
def test_no_step_from_raw_counts_waits_for_the_device(
    mode: str, dataset_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = MetaHost(monkeypatch, STEPS)
    monkeypatch.setattr("seismic_lightning.data.resident.free_bytes", lambda _: 10**9)
    band = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]})
    module = SpectrogramDataModule(dataset_dir, band, StftSettings(), batch_size=5, resident=mode)
    module.setup()
    model = AE(n_freqs=module.n_freqs, n_frames=module.n_frames, channels=[4, 8])
    trainer = host.trainer(tmp_path, Throughput(), log_every_n_steps=1000)
    with pytest.raises(KilledError):
        trainer.fit(model, module)
    assert trainer.global_step == STEPS
    assert host.asked == 0


@pytest.mark.parametrize("options", [{}, {"residual": "learned", "free_bits": 0.1, "kl_warmup_epochs": 2}])
@pytest.mark.parametrize("model_class", [VAE, CVAE])
def test_no_step_of_a_generative_model_waits_either(
    model_class: type[SpectrogramAutoencoder],
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = MetaHost(monkeypatch, STEPS)
    trainer = host.trainer(tmp_path, log_every_n_steps=1000)
    with pytest.raises(KilledError):
        trainer.fit(small(model_class, **options), FakeDataModule())
    assert host.asked == 0


def test_a_logged_step_asks_twice_and_the_bar_does_not_ask_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = MetaHost(monkeypatch, STEPS)
    bar = TQDMProgressBar()
    trainer = host.trainer(tmp_path, bar, log_every_n_steps=2, enable_progress_bar=True)
    with pytest.raises(KilledError):
        trainer.fit(small(), FakeDataModule())
    assert host.asked == 2  # the watch and the loss of step 2
    assert "train/loss_step" in bar.get_metrics(trainer, trainer.lightning_module)


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("every_n_train_steps", [None, 1])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_spoilt_record_is_named_late_and_reaches_no_checkpoint(
    value: float, every_n_train_steps: int | None, tmp_path: Path
) -> None:
    module = FakeDataModule()
    module.everything.spectrogram[7, 1, 2, 3] = value
    last = LastCheckpoint(tmp_path, every_n_train_steps)
    told = r"epoch 0, step \d: the train loss .*input.*1 of 4 records.*\(dataset rows 7\)"
    with pytest.raises(TrainingError, match=told):
        quiet_trainer(tmp_path, last, log_every_n_steps=1000).fit(small(), module)
    if last.path.is_file():
        weights = read_checkpoint(last.path)["state_dict"].values()
        assert all(torch.isfinite(weight).all() for weight in weights)


@pytest.mark.usefixtures("late")
def test_the_first_spoilt_step_is_the_one_that_is_named() -> None:
    watch = FiniteWatch()
    for step in range(4):
        loss = torch.tensor([1.0, float("nan") if step >= 2 else 2.0])
        rows = torch.tensor([10, 11]) + 100 * step
        batch = Batch(torch.zeros(0), torch.zeros(2, 1, 1, 1), None, rows)  # type: ignore[arg-type]
        watch.add("train", f"step {step}", batch, loss)
    with pytest.raises(TrainingError, match=r"step 2: .*output is at fault for 1 of 2 .*rows 211\)"):
        watch.look()
    watch.look()


class Overflow(L.Callback):
    """Spoil a weight behind the loss's back, as a gradient that overflows does."""

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *_: Any) -> None:  # noqa: ANN401
        """Spoil the last step of the epoch."""
        if trainer.is_last_batch:
            with torch.no_grad():
                next(pl_module.parameters())[0] = float("inf")


def test_spoilt_weights_are_not_saved(tmp_path: Path) -> None:
    last = LastCheckpoint(tmp_path)
    with pytest.raises(TrainingError, match=r"1 of \d+ weights are not finite \(encoder.*no checkpoint"):
        quiet_trainer(tmp_path, Overflow(), last, limit_val_batches=0).fit(small(), FakeDataModule())
    assert not last.path.exists()
    require_finite({"count": torch.tensor(3)})
