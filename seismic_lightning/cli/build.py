"""From a configuration to what trains: data, model and Trainer."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from seismic_lightning.data.datamodule import SpectrogramDataModule

SHOWN_CHOICES = (
    "model",
    "optimizer",
    "scheduler",
    "window",
    "select",
    "preprocess",
    "stft",
    "representation",
    "condition",
)
"""Groups whose settings stand beside the final metrics in TensorBoard's HPARAMS tab."""


def build_datamodule(config: DictConfig, dataset_dir: Path) -> "SpectrogramDataModule":
    """Open the dataset and fit what the training split decides."""
    from seismic_lightning.data.datamodule import SpectrogramDataModule

    datamodule = SpectrogramDataModule(
        dataset_dir,
        cast(Any, OmegaConf.to_object(config.preprocess)),
        cast(Any, OmegaConf.to_object(config.stft)),
        representation=cast(Any, OmegaConf.to_object(config.representation)),
        batch_size=config.data.batch_size,
        seed=config.seed,
        cache_dir=Path(config.paths.cache),
        condition=config.condition.features,
        resident=config.data.resident,
    )
    datamodule.setup("fit")
    return datamodule


def build_model(config: DictConfig, datamodule: "SpectrogramDataModule") -> Any:  # noqa: ANN401 - any of our models
    """Build the model in the sizes that the data asks for, with its optimizer and schedule."""
    from seismic_lightning.cli.instantiate import instantiate

    adopt_first_stage(config, datamodule)
    model = instantiate(
        config.model,
        n_freqs=datamodule.n_freqs,
        n_frames=datamodule.n_frames,
        n_components=datamodule.n_channels,
        n_stations=datamodule.n_stations,
        n_location=datamodule.n_location,
        optimizer=instantiate(config.optimizer),
        scheduler=instantiate(config.scheduler) if config.scheduler else None,
    )
    try:
        model.configure_optimizers()
    except (TypeError, ValueError) as error:
        settings = {**config.optimizer, **config.scheduler}
        raise ConfigurationError(f"optimizer or scheduler {settings}: {error}") from error
    if config.compile:
        model.compile_layers()
    return model


def adopt_first_stage(config: DictConfig, datamodule: "SpectrogramDataModule") -> None:
    """Let the data be scaled as the model expects that this run's model is built upon.

    Raises:
        CheckpointError: The first stage cannot be read.
        ConfigurationError: There is none where one is needed, or it was trained with other settings.
    """
    if "first_stage" not in config.model:
        return
    from seismic_lightning.data.first_stage import adopt_scale
    from seismic_lightning.data.trained_on import DATA_KEY, DataOfCheckpoint
    from seismic_lightning.models.checkpoint import read_checkpoint

    path = config.model.first_stage
    if path is None:
        raise ConfigurationError(
            "model=latent_diffusion needs model.first_stage=CHECKPOINT of an autoencoder: train one with "
            "model=ae_kl and the same data settings first"
        )
    checkpoint = read_checkpoint(path)
    DataOfCheckpoint.of(checkpoint, path)
    adopt_scale(datamodule, checkpoint[DATA_KEY], path)


def build_trainer(config: DictConfig) -> "Trainer":
    """Build the Trainer with its callbacks, loggers and crash-safe checkpoints."""
    from seismic_lightning.callbacks.hyperparameters import Hyperparameters
    from seismic_lightning.callbacks.trial import TrialReport
    from seismic_lightning.cli.instantiate import instantiate, instantiate_each
    from seismic_lightning.cli.study import trial_reporter
    from seismic_lightning.models.checkpoint_io import AtomicCheckpointIO

    report = trial_reporter(Path(config.paths.run_dir))
    choices = {name: OmegaConf.to_container(config[name], resolve=True) for name in SHOWN_CHOICES}
    return cast(
        "Trainer",
        instantiate(
            config.trainer,
            callbacks=[
                *instantiate_each(config.callbacks),
                Hyperparameters({"seed": config.seed, "batch_size": config.data.batch_size, **choices}),
                *([TrialReport(config.monitor, report)] if report else []),
            ],
            logger=instantiate_each(config.logger),
            plugins=[AtomicCheckpointIO()],
        ),
    )
