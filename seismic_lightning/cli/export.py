"""``seismic-export``: from a dataset to files for other tools."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import ExportConfig
from seismic_lightning.errors import ConfigurationError

_NOT_USED = ("preprocess.sampling_rate_hz", "preprocess.dtype")


def main() -> None:
    """Run the command."""
    launch(export, "export", ExportConfig)


def export(config: DictConfig) -> None:
    """Export one dataset.

    Args:
        config: A composed ``ExportConfig``.

    Raises:
        ConfigurationError: A folder was not named, or a setting cannot be used.
    """
    from hydra.core.hydra_config import HydraConfig

    refuse_unused(HydraConfig.get().overrides.task)
    if config.dataset_dir is None or config.output_dir is None:
        raise ConfigurationError(
            "seismic-export needs dataset_dir=<folder that seismic-curate wrote> and "
            "output_dir=<folder to make>."
        )
    from seismic_lightning.cli.instantiate import instantiate
    from seismic_lightning.export.write import Choice, export_dataset

    form = instantiate(config.format)
    preprocess = cast(Any, OmegaConf.to_object(config.preprocess))
    with progress_bar("exporting") as advance:
        summary = export_dataset(
            Path(config.dataset_dir),
            Path(config.output_dir),
            form,
            Choice(preprocess, config.subset, config.sampling_rate_hz),
            progress=advance,
            overwrite=config.overwrite,
        )
    splits = ", ".join(f"{count} {name}" for name, count in summary.records.items())
    how = "as recorded" if summary.raw else "preprocessed"
    lines = [f"{sum(summary.records.values())} records {how} ({splits}) in {summary.folder}."]
    if summary.clipped:
        lines.insert(0, f"{summary.clipped} records: high corner clipped to 0.8 of their Nyquist frequency.")
    say(*lines)


def refuse_unused(overrides: Iterable[str]) -> None:
    """Refuse settings of preprocessing that an export does not take from there.

    Args:
        overrides: What the user typed.

    Raises:
        ConfigurationError: Naming the setting that is meant.
    """
    for override in overrides:
        if override.lstrip("+").split("=")[0] in _NOT_USED:
            raise ConfigurationError(
                f"{override}: an export works in float64 and keeps each record's rate; set "
                "sampling_rate_hz=... to resample, and format.encoding=float32 for smaller files."
            )


if __name__ == "__main__":
    main()
