import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.errors import CheckpointError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.load import load_model
from seismic_lightning.models.vae import VAE


@pytest.fixture(scope="module")
def vae_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of a briefly trained VAE."""
    folder = tmp_path_factory.mktemp("vae")
    trainer = quiet_trainer(folder, limit_train_batches=1, limit_val_batches=1)
    trainer.fit(small(VAE, latent_size=4), FakeDataModule())
    trainer.save_checkpoint(folder / "vae.ckpt")
    return folder / "vae.ckpt"


def rewritten(path: Path, folder: Path, **changes: object) -> Path:
    """Return a copy of a checkpoint with some of its entries replaced."""
    checkpoint = torch.load(path) | changes
    torch.save(checkpoint, folder / "changed.ckpt")
    return folder / "changed.ckpt"


@pytest.mark.parametrize("model_class", [AE, CVAE])
def test_a_checkpoint_of_another_model_is_refused(model_class: type[AE] | type[CVAE], vae_path: Path) -> None:
    expected = (
        rf"vae\.ckpt: holds seismic_lightning\.models\.vae\.VAE; expected .*\.{model_class.__name__}: choose"
    )
    with pytest.raises(CheckpointError, match=expected):
        model_class.load_from_checkpoint(vae_path)
    with pytest.raises(CheckpointError, match=expected):
        model_class.check_checkpoint(vae_path)


def test_resuming_from_another_model_is_refused(vae_path: Path, tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, max_epochs=2)
    with pytest.raises(CheckpointError, match=r"vae\.ckpt: holds .*VAE; expected .*AE: choose"):
        trainer.fit(small(AE), FakeDataModule(), ckpt_path=vae_path)


@pytest.mark.parametrize("name", ["no.ckpt", "http://localhost:1/no.ckpt"])
def test_a_missing_file_is_named(name: str) -> None:
    with pytest.raises(CheckpointError, match=r"no\.ckpt: there is no such checkpoint file"):
        load_model(name)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a checkpoint at all"])
def test_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"odd\.ckpt: is damaged or no checkpoint"):
        load_model(path)


def test_a_file_without_a_model_is_refused(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "bare.ckpt")
    with pytest.raises(CheckpointError, match=r"bare\.ckpt: holds no model"):
        load_model(tmp_path / "bare.ckpt")


@pytest.mark.parametrize(
    "name", ["os.system", "seismic_lightning.models.base.Options", "seismic_lightning.models.gone.GAN", "VAE"]
)
def test_only_models_of_this_package_are_looked_up(name: str, vae_path: Path, tmp_path: Path) -> None:
    path = rewritten(vae_path, tmp_path, model=name)
    with pytest.raises(
        CheckpointError, match=rf"holds {name}; expected a model of seismic_lightning\.models"
    ):
        load_model(path)


def test_weights_that_do_not_fit_their_sizes_are_refused(vae_path: Path, tmp_path: Path) -> None:
    sizes = torch.load(vae_path)["hyper_parameters"] | {"latent_size": 5}
    path = rewritten(vae_path, tmp_path, hyper_parameters=sizes)
    with pytest.raises(CheckpointError, match=r"changed\.ckpt: does not fit .*VAE.*size mismatch"):
        load_model(path)


def test_resuming_in_other_sizes_is_refused(vae_path: Path, tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, max_epochs=2)
    with pytest.raises(CheckpointError, match=r"vae\.ckpt: .*trained with latent_size=4$"):
        trainer.fit(small(VAE, latent_size=6), FakeDataModule(), ckpt_path=vae_path)


class _Payload:
    """Make a folder when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_code_in_a_checkpoint_is_not_run(vae_path: Path, tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    path = rewritten(vae_path, tmp_path, extra=_Payload(proof))
    for load in (load_model, read_checkpoint, VAE.load_from_checkpoint):
        with pytest.raises(
            CheckpointError, match=r"changed\.ckpt: holds more than numbers, text and tensors"
        ):
            load(path)
    bare = tmp_path / "bare.ckpt"
    bare.write_bytes(pickle.dumps(_Payload(proof)))
    with pytest.raises(CheckpointError):
        load_model(bare)
    assert not proof.exists()


def test_damage_never_loads_as_other_weights(vae_path: Path, tmp_path: Path) -> None:
    whole = vae_path.read_bytes()
    expected = torch.load(vae_path)["state_dict"]
    rng = np.random.default_rng(0)
    refused = 0
    path = tmp_path / "damaged.ckpt"
    for trial in range(300):
        content = bytearray(whole)
        if trial % 10 == 0:
            del content[rng.integers(len(content)) :]
        else:
            content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        try:
            weights = read_checkpoint(path)["state_dict"]
        except CheckpointError:
            refused += 1
        else:  # the flipped bit lay between the parts
            assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert refused > 150
