"""``seismic-acquire``: from a region and a period to an archive, with a table of what could not be had."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.acquisition.settings import AcquisitionSettings, FdsnSettings, RegionSettings
from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import AcquireConfig
from seismic_lightning.cli.sources import curate_with_progress, curation_settings
from seismic_lightning.curation.layout import Places
from seismic_lightning.curation.settings import ParallelSettings
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.catalogue_settings import CatalogueSettings

if TYPE_CHECKING:
    from seismic_lightning.records.catalogue import Catalogue

SOURCES = ("catalogue", "bulletins", "events_url")


def main() -> None:
    """Run the command."""
    launch(acquire, "acquire", AcquireConfig)


def acquire(config: DictConfig) -> None:
    """Acquire one archive, or print what that would take.

    Args:
        config: A composed ``AcquireConfig``.

    Raises:
        ConfigurationError: The archive, the period or the events were not named.
    """
    if OmegaConf.select(config, "data.source._target_") != f"{__name__}.{acquired_archive.__name__}":
        raise ConfigurationError("only data=koeri is acquired; other options of data read what is there.")
    groups = {name: cast(Any, OmegaConf.to_object(config[name])) for name in ("region", "fdsn")}
    settings = asked_for(config.start, config.end, groups["region"], groups["fdsn"])
    events = {name: config[name] for name in SOURCES}
    reading = cast(CatalogueSettings, OmegaConf.to_object(config.catalogue_format))
    archive_dir = named_archive(config.archive_dir)
    catalogue = read_catalogue(archive_dir, settings, events, reading)
    if config.dry_run:
        from seismic_lightning.acquisition.acquire import preview
        from seismic_lightning.acquisition.report import estimate_table

        say(estimate_table(preview(catalogue, settings)))
    else:
        acquire_with_progress(archive_dir, catalogue, settings, ask_failed=True)


def acquired_archive(
    archive_dir: str | None,
    start: str | None,
    end: str | None,
    region: RegionSettings,
    fdsn: FdsnSettings,
    *,
    events: dict[str, str | None],
    dataset_dir: str | None,
    output_dir: str,
    n_workers: int,
    parallel: ParallelSettings,
    settings: dict[str, Any],
) -> Path:
    """Return the dataset of an acquired archive, acquiring and curating first what has not been.

    Args:
        archive_dir: Where the archive lies or shall lie.
        start: First moment of the period.
        end: First moment after it.
        region: Which earthquakes.
        fdsn: Which waveforms, from which node.
        events: Where events and picks come from, by the names in ``SOURCES``.
        dataset_dir: Where the dataset lies or shall lie; None for a folder of its own below ``output_dir``.
        output_dir: Root of everything else that is written.
        n_workers: Processes that read and measure.
        parallel: What runs these processes.
        settings: Fields of ``CurationSettings``.

    Raises:
        ConfigurationError: The archive, the period or the events were not named.
    """
    asked, folder = asked_for(start, end, region, fdsn), named_archive(archive_dir)
    curation = curation_settings(settings)
    catalogue = read_catalogue(folder, asked, events, curation.catalogue_format)
    acquire_with_progress(folder, catalogue, asked, ask_failed=False)
    return curate_with_progress(
        Places(folder),
        dataset_dir,
        Path(output_dir),
        curation,
        n_workers=n_workers,
        parallel=parallel,
    )


def asked_for(
    start: str | None, end: str | None, region: RegionSettings, fdsn: FdsnSettings
) -> AcquisitionSettings:
    """Put together what is asked for.

    Raises:
        ConfigurationError: The period is not given.
    """
    if start is None or end is None:
        raise ConfigurationError(
            "an acquisition needs start= and end=, such as start=2023-01-01 end=2024-01-01."
        )
    return AcquisitionSettings(start, end, region, fdsn)


def named_archive(archive_dir: str | None) -> Path:
    """Return the archive's folder.

    Raises:
        ConfigurationError: None was named.
    """
    if archive_dir is None:
        raise ConfigurationError("an acquisition needs archive_dir=<folder to make or to complete>.")
    return Path(archive_dir).expanduser()


def read_catalogue(
    archive_dir: Path,
    settings: AcquisitionSettings,
    events: dict[str, str | None],
    reading: CatalogueSettings,
) -> "Catalogue":
    """Read events and picks from a file, from bulletins, or from a node's event service.

    Args:
        archive_dir: Archive to make; it keeps what an event service sent.
        settings: Region and period.
        events: By the names in ``SOURCES``.
        reading: How catalogue and bulletins are read.

    Returns:
        All events, also those outside region and period, with their picks.

    Raises:
        ConfigurationError: None of the sources is given, or two that exclude each other.
    """
    catalogue, bulletins, url = (events[name] for name in SOURCES)
    if url is not None and catalogue is not None:
        raise ConfigurationError("catalogue= and events_url= exclude each other: give one of them.")
    if not any((catalogue, bulletins, url)):
        raise ConfigurationError(
            "no events: give catalogue=<file>, bulletins=<file or folder>, or events_url=<a node with an "
            "event service>; Kandilli's node has none."
        )
    # Here: events that are not needed yet cost neither pandas nor ObsPy.
    from seismic_lightning.acquisition.acquire import download_events
    from seismic_lightning.curation.layout import event_parts
    from seismic_lightning.curation.merge import read_events

    path = Path(catalogue).expanduser() if catalogue else None
    if url is not None:
        path = download_events(url, settings, archive_dir)
    folder = Path(bulletins).expanduser() if bulletins else None
    found, rejected = read_events(event_parts(archive_dir, path, folder), reading)
    if rejected or found.left_out:
        counted = Counter(row["reason"] for row in rejected) + Counter(found.left_out)
        say(f"Left out of the events: {', '.join(f'{n} {reason}' for reason, n in sorted(counted.items()))}.")
    return found


def acquire_with_progress(
    archive_dir: Path, catalogue: "Catalogue", settings: AcquisitionSettings, *, ask_failed: bool
) -> None:
    """Acquire with a progress bar and a closing table, or say that nothing lacks.

    Args:
        archive_dir: Archive to make or complete.
        catalogue: Events and picks.
        settings: What is asked for.
        ask_failed: Ask again for windows that failed before.
    """
    from seismic_lightning.acquisition.acquire import acquire
    from seismic_lightning.acquisition.report import summary_table, warnings_of

    with progress_bar("acquiring") as advance:
        summary = acquire(archive_dir, catalogue, settings, progress=advance, ask_failed=ask_failed)
    if summary.n_fetched == 0:
        say(f"Complete: {sum(summary.families.values())} windows in {archive_dir}.", *warnings_of(summary))
    else:
        say(summary_table(summary), *warnings_of(summary))


if __name__ == "__main__":
    main()
