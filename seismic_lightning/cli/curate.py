"""``seismic-curate``: from an archive to a dataset, with a table of everything that was left out and why."""

from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import CurateConfig
from seismic_lightning.cli.sources import curate_with_progress
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.errors import ConfigurationError


def main() -> None:
    """Run the command."""
    launch(curate, "curate", CurateConfig)


def curate(config: DictConfig) -> None:
    """Curate one archive.

    Args:
        config: A composed ``CurateConfig``.

    Raises:
        ConfigurationError: No archive was named.
    """
    if config.archive_dir is None:
        raise ConfigurationError(
            "seismic-curate needs archive_dir=<folder with catalogue.xml, stations.xml and waveforms/>."
        )
    window, select, split = (OmegaConf.to_object(config[name]) for name in ("window", "select", "split"))
    curate_with_progress(
        Path(config.archive_dir),
        config.dataset_dir,
        Path(config.output_dir),
        CurationSettings(
            config.orientation, cast(Any, window), cast(Any, select), cast(Any, split), config.components
        ),
        n_workers=config.n_workers,
        overwrite=config.overwrite,
    )
