"""Whatever arithmetic a model trains in, it is given the same spectrograms, in single precision."""

from pathlib import Path

import lightning as L
import pytest
import torch
from support.training import quiet_trainer
from support.waiting import KilledError

from seismic_lightning.batch import Batch
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.models.ae import AE
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings


class FirstBatch(L.Callback):
    """Keeps the batch that a model is given, and ends the run."""

    batch: Batch

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Keep it."""
        self.batch = batch
        raise KilledError


@pytest.mark.parametrize("resident", ["true", "false"])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "bf16-true"])
def test_the_front_works_in_single_precision(
    precision: str, resident: str, dataset_dir: Path, tmp_path: Path
) -> None:
    band = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]})
    module = SpectrogramDataModule(dataset_dir, band, StftSettings(), batch_size=5, resident=resident)
    module.setup()
    expected = module.on_after_batch_transfer(next(iter(module.train_dataloader())), 0)
    first = FirstBatch()
    trainer = quiet_trainer(tmp_path, first, precision=precision)
    with pytest.raises(KilledError):
        trainer.fit(AE(n_freqs=module.n_freqs, n_frames=module.n_frames, channels=[4, 8]), module)
    for given, wanted in (
        (first.batch.waveform, expected.waveform),
        (first.batch.spectrogram, expected.spectrogram),
    ):
        assert given.dtype == torch.float32
        assert torch.equal(given, wanted)
