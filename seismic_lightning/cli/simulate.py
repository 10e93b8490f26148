"""``seismic-simulate``: an archive of Marmara earthquakes with known truth, and how real it is."""

from dataclasses import fields
from pathlib import Path

from omegaconf import DictConfig

from seismic_lightning.cli.console import say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import SimulateConfig
from seismic_lightning.cli.sources import simulate_with_progress
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation.request import Earthquake, Request
from seismic_lightning.simulation.settings import SimulationSettings


def main() -> None:
    """Run the command."""
    launch(simulate, "simulate", SimulateConfig)


def simulate(config: DictConfig) -> None:
    """Simulate one archive, and print the calibration table where that is asked for.

    Args:
        config: A composed ``SimulateConfig``.

    Raises:
        ConfigurationError: A setting cannot be used.
    """
    settings = SimulationSettings(**{field.name: config[field.name] for field in fields(SimulationSettings)})
    request = Request(settings, given_earthquake(config.earthquake))
    if config.report and request.earthquake is not None:
        raise ConfigurationError("report=true compares the region's seismicity: leave earthquake out.")
    if config.report and settings.bh_rate_hz is not None:
        raise ConfigurationError("report=true compares HH, HN and EH records: leave bh_rate_hz out.")
    simulate_with_progress(
        request,
        config.archive_dir,
        Path(config.output_dir),
        n_workers=config.n_workers,
        overwrite=config.overwrite,
    )
    if config.report:
        from seismic_lightning.simulation.calibration import report_table

        say(report_table(settings))


def given_earthquake(section: DictConfig) -> Earthquake | None:
    """Return the earthquake that a configuration gives, None where it gives none.

    Args:
        section: The ``earthquake`` part of the configuration.

    Raises:
        ConfigurationError: Some of it is given, but not all that is needed.
    """
    needed = ("magnitude", "latitude_deg", "longitude_deg", "stations")
    absent = [name for name in needed if section[name] is None or section[name] == []]
    if len(absent) == len(needed):
        return None
    if absent:
        raise ConfigurationError(
            f"one given earthquake also needs earthquake.{', earthquake.'.join(absent)}."
        )
    return Earthquake(
        magnitude=section.magnitude,
        latitude_deg=section.latitude_deg,
        longitude_deg=section.longitude_deg,
        depth_km=section.depth_km,
        stations=tuple(section.stations),
        family=section.family,
    )
