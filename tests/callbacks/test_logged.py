"""What a run with all callbacks leaves in TensorBoard, and without it."""

from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small
from tensorboard.backend.event_processing.event_accumulator import HISTOGRAMS, EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from seismic_lightning.callbacks.embedding import LatentEmbedding
from seismic_lightning.callbacks.hyperparameters import Hyperparameters
from seismic_lightning.callbacks.latent import LatentUse
from seismic_lightning.callbacks.learning_rate import LearningRate
from seismic_lightning.callbacks.reconstructions import Reconstructions
from seismic_lightning.callbacks.skill import Skill
from seismic_lightning.callbacks.throughput import Throughput
from seismic_lightning.models.ae import AE
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.vae import VAE

N_EPOCHS = 2


def all_callbacks() -> list[L.Callback]:
    return [
        Skill(),
        LatentUse(),
        LearningRate(),
        Throughput(),
        Reconstructions(n_events=3),
        LatentEmbedding(),
        Hyperparameters({"model": {"beta": 0.5, "_target_": "rooms.vae.VAE"}, "channels": [4, 8]}),
    ]


def run(folder: Path, model: SpectrogramAutoencoder, logger: object) -> L.Trainer:
    """Train and test with all callbacks."""
    trainer = quiet_trainer(folder, *all_callbacks(), logger=logger, max_epochs=N_EPOCHS, log_every_n_steps=1)
    trainer.fit(model, FakeDataModule())
    trainer.test(model, FakeDataModule(), verbose=False)
    return trainer


def events_of(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder / "board"), size_guidance={HISTOGRAMS: 0})  # 0 keeps all
    accumulator.Reload()
    return accumulator


@pytest.fixture(scope="module")
def vae_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run with a TensorBoard logger."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    logger = TensorBoardLogger(folder, name="board", version="", default_hp_metric=False)
    run(folder, small(VAE, latent_size=6), logger)
    logger.experiment.close()
    return folder


def test_scalars_come_once_per_epoch(vae_run: Path) -> None:
    events = events_of(vae_run)
    per_epoch = ["train/loss", "train/kl", "val/loss", "val/reconstruction", "val/kl", "val/mse", "val/skill"]
    per_epoch += ["val/skill_level", "val/active_units", "train/learning_rate"]
    per_epoch += ["train/records_per_s", "train/data_wait_share"]
    for tag in per_epoch:
        assert len(events.Scalars(tag)) == N_EPOCHS, tag
    for tag in ("test/loss", "test/skill", "test/skill_level"):
        assert len(events.Scalars(tag)) == 1, tag
    assert len(events.Scalars("train/loss_step")) > N_EPOCHS


def test_rates_and_shares_are_plausible(vae_run: Path) -> None:
    events = events_of(vae_run)
    assert all(event.value > 0 for event in events.Scalars("train/records_per_s"))
    assert all(0 <= event.value <= 1 for event in events.Scalars("train/data_wait_share"))
    assert [event.value for event in events.Scalars("train/learning_rate")] == pytest.approx(
        [1e-3] * N_EPOCHS
    )
    assert all(0 <= event.value <= 6 for event in events.Scalars("val/active_units"))


def test_images_show_each_event_at_each_epoch(vae_run: Path) -> None:
    events = events_of(vae_run)
    assert events.Tags()["images"] == [f"reconstruction/{number}" for number in (1, 2, 3)]
    images = events.Images("reconstruction/1")
    assert len(images) == N_EPOCHS
    assert images[0].width > images[0].height > 500
    assert images[0].encoded_image_string[:4] == b"\x89PNG"


def test_the_divergence_of_each_dimension_is_a_histogram(vae_run: Path) -> None:
    histograms = events_of(vae_run).Histograms("val/kl_per_dimension")
    assert len(histograms) == N_EPOCHS
    assert sum(histograms[0].histogram_value.bucket) == 6


def test_the_projector_knows_magnitude_station_and_event(vae_run: Path) -> None:
    (labels,) = vae_run.rglob("metadata.tsv")
    header, *lines = labels.read_text(encoding="utf-8").splitlines()
    assert header.split("\t") == ["magnitude", "magnitude_class", "station", "event"]
    module = FakeDataModule()
    assert len(lines) == len(module.rows("dev"))
    first = int(module.rows("dev")[0])
    record = module.dataset.metadata.iloc[first]
    magnitude, _, station, event = lines[0].split("\t")
    assert magnitude == f"{record['source_magnitude']:.1f}"
    assert (station, event) == (module.station_names[first], record["source_id"])
    (points,) = vae_run.rglob("tensors.tsv")
    assert np.loadtxt(points).shape == (len(lines), 6)


def test_hyperparameters_stand_beside_results(vae_run: Path) -> None:
    plugin = events_of(vae_run).summary_metadata
    contents = {tag: metadata.plugin_data.content for tag, metadata in plugin.items() if "_hparams_" in tag}
    assert {"_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info"} == set(
        contents
    )
    start = HParamsPluginData.FromString(contents["_hparams_/session_start_info"]).session_start_info
    assert start.hparams["model.beta"].number_value == 0.5
    assert start.hparams["channels"].string_value == "[4, 8]"
    assert start.hparams["model"].string_value == "VAE"
    assert set(start.hparams) == {"model", "model.beta", "channels"}
    (settings,) = events_of(vae_run).Tensors("settings/text_summary")
    assert b"| model._target_ | rooms.vae.VAE |" in settings.tensor_proto.string_val[0]
    experiment = HParamsPluginData.FromString(contents["_hparams_/experiment"]).experiment
    named = {info.name.tag for info in experiment.metric_infos}
    assert named <= set(events_of(vae_run).Tags()["scalars"])
    assert {"val/loss", "test/skill_level"} <= named


def test_an_autoencoder_shows_no_divergence(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="board", version="", default_hp_metric=False)
    run(tmp_path, small(AE), logger)
    logger.experiment.close()
    tags = events_of(tmp_path).Tags()
    assert tags["histograms"] == []
    assert "val/active_units" not in tags["scalars"]
    (points,) = tmp_path.rglob("tensors.tsv")
    assert np.loadtxt(points).shape[1] == 8  # one value per channel of the map


@pytest.mark.parametrize("kind", ["csv", "none"])
def test_other_loggers_get_the_scalars_only(kind: str, tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path, name="csv", version="") if kind == "csv" else False
    trainer = run(tmp_path, small(), logger)
    assert {"test/skill", "test/skill_level", "test/loss"} <= set(trainer.callback_metrics)
    assert not list(tmp_path.rglob("*.tsv"))
    assert not list(tmp_path.rglob("*tfevents*"))
