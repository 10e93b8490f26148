from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small
from torch import Tensor

from seismic_lightning.callbacks.skill import Skill, squared_errors
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.ae import AE
from seismic_lightning.nn.posterior import PointMass
from seismic_lightning.transforms.companding import PowerCompanding

MEAN = torch.linspace(-1, 1, 3 * 5 * 4).reshape(3, 5, 4)


def skills(reconstruction: Tensor, spectrogram: Tensor) -> list[float]:
    errors = squared_errors(reconstruction, spectrogram, MEAN)
    return (1 - errors[0] / errors[1:]).tolist()


def test_a_perfect_reconstruction_has_skill_one() -> None:
    spectrogram = torch.randn(4, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert skills(spectrogram, spectrogram) == [1.0, 1.0]


def test_the_guesses_themselves_have_skill_zero() -> None:
    spectrogram = torch.randn(4, 3, 5, 4, generator=torch.Generator().manual_seed(0)) + 3
    shifted = MEAN + spectrogram.mean((1, 2, 3), keepdim=True) - MEAN.mean()
    assert skills(MEAN.expand_as(spectrogram), spectrogram)[0] == pytest.approx(0)
    assert skills(shifted, spectrogram)[1] == pytest.approx(0, abs=1e-6)


def test_getting_only_the_level_right_is_no_skill_beyond_the_level() -> None:
    levels = torch.tensor([-2.0, 0.0, 3.0])[:, None, None, None]
    texture = 0.1 * torch.randn(3, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    skill, skill_level = skills(MEAN + levels, MEAN + levels + texture)
    assert skill > 0.95
    assert skill_level < 0.05


class _MeanModel(AE):
    """Reconstruct every record as the mean training spectrogram."""

    mean: Tensor

    def decode(self, latent: Tensor, condition: object) -> Tensor:
        """Return the mean whatever is asked."""
        return self.mean.expand(len(latent), *self.mean.shape)


class _TurnedModel(AE):
    """Reconstruct every record with all phases turned by a right angle."""

    def encode(self, spectrogram: Tensor, condition: object) -> PointMass:
        """Keep the whole record."""
        return PointMass(spectrogram)

    def decode(self, latent: Tensor, condition: object) -> Tensor:
        """Turn it."""
        real, imaginary = latent.chunk(2, dim=1)
        return torch.cat([-imaginary, real], dim=1)


def test_skill_is_taken_over_the_whole_split(tmp_path: Path) -> None:
    module = FakeDataModule(batch_size=3)
    model = _MeanModel(n_freqs=33, n_frames=17, channels=[4])
    model.mean = module.mean_spectrogram
    trainer = quiet_trainer(tmp_path, Skill())
    for stage, validate in (("val", trainer.validate), ("test", trainer.test)):
        validate(model, module, verbose=False)
        assert float(trainer.callback_metrics[f"{stage}/skill"]) == pytest.approx(0, abs=1e-6)
        assert float(trainer.callback_metrics[f"{stage}/skill_level"]) < 0


def test_parts_are_compared_by_their_log_magnitudes(tmp_path: Path) -> None:
    module = FakeDataModule(batch_size=3)
    log_magnitude = module.everything.spectrogram
    assert module.front.scaling is not None
    magnitude = module.front.scaling.inverse(log_magnitude)
    module.front.companding = PowerCompanding(0.3, 1.0)
    parts = module.front.companding(torch.polar(magnitude, torch.rand_like(magnitude)))
    module.everything = module.everything._replace(spectrogram=parts)
    model = _TurnedModel(n_freqs=33, n_frames=17, n_components=6, channels=[4])
    trainer = quiet_trainer(tmp_path, Skill())
    trainer.validate(model, module, verbose=False)
    assert float(trainer.callback_metrics["val/skill"]) == pytest.approx(1.0, abs=1e-4)


def test_a_checkpoint_can_follow_the_skill(tmp_path: Path) -> None:
    best = ModelCheckpoint(tmp_path, filename="best", monitor="val/skill_level", mode="max")
    trainer = quiet_trainer(tmp_path, Skill(), best)
    trainer.fit(small(), FakeDataModule())
    assert best.best_model_score == trainer.callback_metrics["val/skill_level"]
    assert Path(best.best_model_path).name == "best.ckpt"


def test_keeping_the_worst_checkpoint_is_refused(tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, Skill(), ModelCheckpoint(tmp_path, monitor="val/skill", mode="min"))
    with pytest.raises(ConfigurationError, match=r"monitor=val/skill .*callbacks\.best\.mode=max"):
        trainer.fit(small(), FakeDataModule())


def test_bare_loaders_are_refused(tmp_path: Path) -> None:
    batches = FakeDataModule().val_dataloader()
    with pytest.raises(ConfigurationError, match="need a SpectrogramDataModule"):
        quiet_trainer(tmp_path, Skill()).validate(small(), batches, verbose=False)
