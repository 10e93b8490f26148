"""``seismic-simulate``: an archive of Marmara earthquakes with known truth, and how real it is."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import EarthquakeSection, SimulateConfig
from seismic_lightning.cli.sources import simulate_with_progress
from seismic_lightning.errors import CalibrationError, ConfigurationError
from seismic_lightning.simulation.request import Earthquake, Request
from seismic_lightning.simulation.settings import SimulationSettings

SHARED = ("seed", "bh_rate_hz")
"""Settings that a given earthquake and the region's seismicity have in common."""


def main() -> None:
    """Run the command."""
    launch(simulate, "simulate", SimulateConfig)


def simulate(config: DictConfig) -> None:
    """Simulate one archive, and print the calibration table where that is asked for.

    Args:
        config: A composed ``SimulateConfig``.

    Raises:
        CalibrationError: The table was printed and a quantity misses its tolerance.
        ConfigurationError: A setting cannot be used, or would have no effect.
    """
    request = requested(config)
    if config.report and isinstance(request, Earthquake):
        raise ConfigurationError("report=true compares the region's seismicity: leave earthquake out.")
    if config.report and request.bh_rate_hz is not None:
        raise ConfigurationError("report=true compares HH, HN and EH records: leave bh_rate_hz out.")
    simulate_with_progress(
        request,
        config.archive_dir,
        Path(config.output_dir),
        n_workers=config.n_workers,
        overwrite=config.overwrite,
    )
    if config.report and isinstance(request, SimulationSettings):
        report(request, config.n_workers)


def report(settings: SimulationSettings, n_workers: int) -> None:
    """Compare with real records and print the table.

    Args:
        settings: What is simulated.
        n_workers: Processes that simulate and measure.

    Raises:
        CalibrationError: A quantity misses its tolerance.
    """
    from seismic_lightning.simulation.calibration import calibrate, table_text

    with progress_bar("comparing") as advance:
        rows = calibrate(settings, n_workers=n_workers, progress=advance)
    say(table_text(rows, settings.n_records))
    missed = [row.quantity for row in rows if row.verdict == "MISSED"]
    if missed:
        raise CalibrationError(
            f"{len(missed)} of {len(rows)} rows MISSED their tolerance: {'; '.join(missed)}."
        )


def requested(config: DictConfig) -> Request:
    """Return what a configuration asks for: one given earthquake, or the region's seismicity.

    Args:
        config: A composed ``SimulateConfig``.

    Raises:
        ConfigurationError: Some of an earthquake is given but not all that is needed, or settings of the
            region's seismicity stand beside it.
    """
    section = config.earthquake
    population = {field.name: config[field.name] for field in fields(SimulationSettings)}
    if section == OmegaConf.structured(EarthquakeSection):
        return SimulationSettings(**population)
    needed = ("magnitude", "latitude_deg", "longitude_deg", "stations")
    absent = [name for name in needed if section[name] is None or section[name] == []]
    if absent:
        raise ConfigurationError(
            f"one given earthquake also needs earthquake.{', earthquake.'.join(absent)}."
        )
    usual = asdict(SimulationSettings())
    idle = [
        f"{name}={value}" for name, value in population.items() if name not in SHARED and value != usual[name]
    ]
    if idle:
        raise ConfigurationError(
            f"{', '.join(idle)} has no effect on one given earthquake: leave out the one or the other."
        )
    given = {**cast(dict[str, Any], OmegaConf.to_container(section)), "stations": tuple(section.stations)}
    return Earthquake(**given, **{name: config[name] for name in SHARED})


if __name__ == "__main__":
    main()
