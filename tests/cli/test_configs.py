"""Every option of every group composes, and what it names can be built."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import hydra
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from seismic_lightning.cli.generation_schema import GenerateConfig, InterpolateConfig
from seismic_lightning.cli.help import config_folder
from seismic_lightning.cli.instantiate import instantiate, instantiate_each
from seismic_lightning.cli.schema import (
    AcquireConfig,
    AuditConfig,
    CurateConfig,
    EvaluateConfig,
    ExportConfig,
    RunsConfig,
    SimulateConfig,
    TrainConfig,
    register,
)
from seismic_lightning.cli.sources import curation_settings
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.transforms.front import SpectrogramFront

COMMANDS = {
    "train": TrainConfig,
    "acquire": AcquireConfig,
    "curate": CurateConfig,
    "export": ExportConfig,
    "generate": GenerateConfig,
    "audit": AuditConfig,
    "evaluate": EvaluateConfig,
    "interpolate": InterpolateConfig,
    "runs": RunsConfig,
    "simulate": SimulateConfig,
}
COMMAND_OF_GROUP = {"format": "export"}
"""The command of each group that training does not have."""
OWN_FILES = sorted(path.relative_to(config_folder()) for path in config_folder().glob("*/*.yaml"))
OPTIONS = [
    (path.parent.name, path.stem) for path in OWN_FILES if path.parent.name not in ("hydra", "local", "paths")
]


def compose(folder: Path, *overrides: str, command: str = "train") -> DictConfig:
    for name, schema in COMMANDS.items():
        register(f"{name}_schema", schema)
    OmegaConf.register_new_resolver("pid", lambda: 0, replace=True)
    with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = hydra.compose(command, overrides=list(overrides), return_hydra_config=True)
    config.hydra.runtime.output_dir = str(folder)
    HydraConfig.instance().set_config(config)
    assert isinstance(config, DictConfig)
    with open_dict(config):
        del config["hydra"]
    return config


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_an_option_composes_and_resolves(group: str, option: str, tmp_path: Path) -> None:
    config = compose(tmp_path, f"{group}={option}", command=COMMAND_OF_GROUP.get(group, "train"))
    OmegaConf.resolve(config)
    assert not OmegaConf.missing_keys(config)


@pytest.mark.parametrize("path", OWN_FILES, ids=str)
def test_an_option_file_opens_with_what_it_is_for(path: Path) -> None:
    lines = (config_folder() / path).read_text().splitlines()
    comments = [line for line in lines[:2] if line.startswith("# ") and not line.startswith("# @package")]
    assert comments, "the first line of an option file says what it is for"


@pytest.mark.parametrize("option", ["marmara", "fixed_band", "none"])
@pytest.mark.parametrize("stft", ["default", "hires", "fast"])
def test_every_front_can_be_built(option: str, stft: str, tmp_path: Path) -> None:
    config = compose(tmp_path, f"preprocess={option}", f"stft={stft}")
    settings: tuple[Any, Any] = OmegaConf.to_object(config.preprocess), OmegaConf.to_object(config.stft)
    front = SpectrogramFront(*settings)
    assert front.preprocess.bands(["HH", "BH"], [1.0, 4.0]).shape == (2,)


@pytest.mark.parametrize("model", ["ae", "ae_kl", "vae", "cvae"])
@pytest.mark.parametrize("scheduler", ["none", "cosine", "plateau"])
def test_every_model_is_built_with_every_schedule(model: str, scheduler: str, tmp_path: Path) -> None:
    config = compose(tmp_path, f"model={model}", f"scheduler={scheduler}")
    schedule = instantiate(config.scheduler) if config.scheduler else None
    built = instantiate(
        config.model,
        n_freqs=33,
        n_frames=17,
        n_stations=3,
        optimizer=instantiate(config.optimizer),
        scheduler=schedule,
    )
    assert built.configure_optimizers()


@pytest.mark.parametrize("trainer", ["auto", "cpu", "ddp", "fsdp", "slurm"])
@pytest.mark.parametrize("logger", ["tensorboard", "csv", "none"])
def test_every_trainer_is_built_with_every_logger(trainer: str, logger: str, tmp_path: Path) -> None:
    config = compose(tmp_path, f"trainer={trainer}", f"logger={logger}", "trainer.accelerator=cpu")
    built = instantiate(
        config.trainer, callbacks=instantiate_each(config.callbacks), logger=instantiate_each(config.logger)
    )
    assert built.max_epochs == 20
    assert len(built.loggers) == (logger != "none")


@pytest.mark.parametrize("callbacks", ["default", "ema", "diffusion"])
def test_every_set_of_callbacks_is_built(callbacks: str, tmp_path: Path) -> None:
    config = compose(tmp_path, f"callbacks={callbacks}")
    kinds = {type(built).__name__ for built in instantiate_each(config.callbacks)}
    assert {"BestCheckpoint", "LastCheckpoint"} <= kinds
    assert ("AveragedWeights" in kinds) == (callbacks != "default")


def test_the_defaults_are_those_promised(tmp_path: Path) -> None:
    config = compose(tmp_path)
    assert (config.model._target_, config.model.beta) == ("seismic_lightning.models.vae.VAE", 1.0)
    assert (config.data.batch_size, config.optimizer.lr, config.trainer.max_epochs) == (64, 1e-3, 20)
    assert (config.monitor, config.select.snr, config.select.families) == (
        "val/loss",
        "legacy",
        ["HH", "BH", "EH"],
    )
    assert (config.stft.nperseg, config.stft.noverlap, config.stft.nfft) == (256, 192, 256)


def test_an_unknown_representation_is_refused(tmp_path: Path) -> None:
    assert compose(tmp_path).representation.kind == "log_magnitude"
    config = compose(tmp_path, "representation.kind=phase")
    with pytest.raises(ConfigurationError, match=r"representation\.kind='phase'"):
        OmegaConf.to_object(config.representation)


def test_curation_composes(tmp_path: Path) -> None:
    config = compose(tmp_path, "window=short", "select=rms", command="curate")
    assert (config.window.length_s, config.select.snr) == (40.0, "rms")


@pytest.mark.parametrize("option", ["archive", "koeri"])
def test_training_curates_with_every_setting_of_curation(option: str, tmp_path: Path) -> None:
    config = compose(tmp_path, f"data={option}", "data.source.settings.catalogue_format.magnitude_order=[ML]")
    settings = OmegaConf.to_container(config.data.source.settings, resolve=True)
    assert isinstance(settings, dict)
    assert set(settings) == {field.name for field in fields(CurationSettings)}
    named = {name: OmegaConf.to_object(config[name]) for name in ("window", "select", "split")}
    made = curation_settings({**{str(name): value for name, value in settings.items()}, **named})
    assert made == CurationSettings(catalogue_format=CatalogueSettings(magnitude_order=["ML"]))


def test_columns_of_a_catalogue_are_declared_on_the_command_line(tmp_path: Path) -> None:
    typed = "catalogue_format.columns={source_id: Event ID, source_magnitude: mag}"
    config = compose(tmp_path, typed, command="curate")
    assert config.catalogue_format.columns == {"source_id": "Event ID", "source_magnitude": "mag"}
