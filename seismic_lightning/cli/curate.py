"""``seismic-curate``: from an archive to a dataset, with a table of everything that was left out and why."""

from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.console import say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import CurateConfig
from seismic_lightning.cli.sources import curate_with_progress, places_of
from seismic_lightning.curation.settings import CurationSettings, ParallelSettings

GROUPS = ("window", "select", "split", "catalogue_format")


def main() -> None:
    """Run the command."""
    launch(curate, "curate", CurateConfig)


def curate(config: DictConfig) -> None:
    """Curate one archive.

    Args:
        config: A composed ``CurateConfig``.

    Raises:
        ConfigurationError: Neither an archive nor the places of all its parts were named, or the figure's
            name has no suffix of a picture.
    """
    if config.figure is not None:
        # Here: most curations draw nothing.
        from seismic_lightning.curation.figure import check_suffix, save_events

        check_suffix(Path(config.figure))
    groups = {name: cast(Any, OmegaConf.to_object(config[name])) for name in GROUPS}
    parallel = cast(ParallelSettings, OmegaConf.to_object(config.parallel))
    settings = CurationSettings(
        orientation=config.orientation, components=config.components, network=config.network, **groups
    )
    folder = curate_with_progress(
        places_of(config),
        config.dataset_dir,
        Path(config.output_dir),
        settings,
        n_workers=config.n_workers,
        parallel=parallel,
        overwrite=config.overwrite,
    )
    if config.figure is not None:
        from seismic_lightning.curation.store import open_dataset

        save_events(open_dataset(folder), Path(config.figure))
        say(f"{config.figure} shows the strongest events.")


if __name__ == "__main__":
    main()
