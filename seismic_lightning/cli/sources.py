"""Where ``train.py`` gets its dataset from; each option of the ``data`` group names one function here."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.curation.layout import Places
from seismic_lightning.curation.settings import CurationSettings, ParallelSettings
from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.simulation.request import Request
from seismic_lightning.simulation.settings import SimulationSettings

if TYPE_CHECKING:
    from seismic_lightning.curation.report import CurationSummary
PARTS = ("catalogue", "bulletins", "stations", "waveforms")
"""Parts of an archive that may lie elsewhere."""


def curated_archive(
    *,
    archive_dir: str | None,
    dataset_dir: str | None,
    output_dir: str,
    n_workers: int,
    parallel: ParallelSettings,
    settings: dict[str, Any],
    places: dict[str, str | None],
) -> Path:
    """Return the dataset of an archive, curating it first unless that has been done.

    Args:
        archive_dir: The archive.
        dataset_dir: Where its dataset lies or shall lie; None for a folder of its own below ``output_dir``.
        output_dir: Root of everything that is written.
        n_workers: Processes that read and measure.
        parallel: What runs these processes.
        settings: Fields of ``CurationSettings``.
        places: Fields of ``Places``: the layout, and where parts lie that are not in the archive.

    Raises:
        ConfigurationError: No archive was named.
    """
    if archive_dir is None and not any(places[name] for name in PARTS):
        raise ConfigurationError(
            "data=archive needs an archive: add archive_dir=<folder with catalogue.xml, stations.xml and "
            "waveforms/>, or train on a dataset of seismic-curate with data=dataset dataset_dir=<folder>."
        )
    return curate_with_progress(
        places_of({**places, "archive_dir": archive_dir}),
        dataset_dir,
        Path(output_dir),
        curation_settings(settings),
        n_workers=n_workers,
        parallel=parallel,
    )


def curation_settings(named: Mapping[str, Any]) -> CurationSettings:
    """Return the settings of curation from the names in a configuration.

    Args:
        named: Fields of ``CurationSettings``; the ``catalogue_format`` may be a mapping.
    """
    formats = named.get("catalogue_format", CatalogueSettings())
    if isinstance(formats, Mapping):
        formats = CatalogueSettings(**{str(name): value for name, value in formats.items()})
    return CurationSettings(**{**named, "catalogue_format": formats})


def places_of(named: Mapping[str, Any]) -> Places:
    """Return where the parts of an archive lie, from the names in a configuration.

    Args:
        named: ``layout``, ``archive_dir`` and the names in ``PARTS``; None for what is not named.

    Raises:
        ConfigurationError: A part lies nowhere, or the layout is unknown.
    """
    paths = {
        name: None if named[name] is None else Path(named[name]).expanduser()
        for name in ("archive_dir", *PARTS)
    }
    return Places(layout=named["layout"], **paths)


def ready_dataset(dataset_dir: str | None) -> Path:
    """Return the folder of a dataset that exists already.

    Raises:
        ConfigurationError: No dataset was named.
        DatasetError: The folder does not exist.
    """
    if dataset_dir is None:
        raise ConfigurationError("data=dataset needs dataset_dir=<folder that seismic-curate wrote>.")
    if not Path(dataset_dir).is_dir():
        raise DatasetError(f"dataset_dir={dataset_dir} does not exist; make it with seismic-curate.")
    return Path(dataset_dir)


def seisbench_dataset(
    *,
    dataset_dir: str | None,
    output_dir: str,
    unit: str | None,
    family: str | None,
    settings: dict[str, Any],
    n_workers: int = 1,
    parallel: ParallelSettings | None = None,
) -> Path:
    """Return the dataset of one in SeisBench's format, made first unless that has been done.

    Args:
        dataset_dir: Folder of SeisBench's format.
        output_dir: Root of everything that is written; the dataset gets a folder of its own below it.
        unit: Unit of samples that do not say theirs.
        family: Channel family of traces that do not say theirs.
        settings: Fields of ``CurationSettings``.
        n_workers: Processes that read and measure.
        parallel: What runs these processes; processes of this machine where none is given.

    Raises:
        ConfigurationError: No folder was named.
    """
    if dataset_dir is None:
        raise ConfigurationError("data=seisbench needs dataset_dir=<folder of SeisBench's format>.")
    from seismic_lightning.curation.identity import find_fault
    from seismic_lightning.curation.seisbench import import_seisbench, seisbench_id
    from seismic_lightning.curation.seisbench_task import Hints

    source, curation, hints = Path(dataset_dir), curation_settings(settings), Hints(unit, family)
    folder = Path(output_dir) / "datasets" / seisbench_id(source, curation, hints)[:16]
    fault = find_fault(folder)
    if fault is not None:
        say(f"{fault}: reading it again.")
    with progress_bar("reading") as advance:
        summary = import_seisbench(
            source,
            folder,
            curation,
            hints,
            n_workers=n_workers,
            parallel=parallel,
            progress=advance,
            own=True,
        )
    say_summary(summary)
    return folder


def say_summary(summary: "CurationSummary") -> None:
    """Print what became of everything, or that nothing had to be done."""
    from seismic_lightning.curation.report import remedies, summary_table

    folder = summary.dataset_dir
    if summary.reused:
        say(f"Unchanged: {summary.accepted} records in {folder}.", *summary.remarks)
    else:
        say(summary_table(summary), *remedies(summary), f"{summary.accepted} records in {folder}.")


def curate_with_progress(
    archive: Path | Places,
    dataset_dir: str | None,
    output_dir: Path,
    settings: CurationSettings,
    *,
    n_workers: int,
    parallel: ParallelSettings | None = None,
    overwrite: bool = False,
) -> Path:
    """Curate with a progress bar and a closing table, or find the unchanged dataset and say so.

    A damaged dataset in a folder of its own below ``output_dir`` is made whole again, which is said.

    Args:
        archive: The archive, or the places of its parts.
        dataset_dir: Where the dataset shall lie; None for ``output_dir/datasets/<content hash>``.
        output_dir: Root of everything that is written.
        settings: What decides the dataset's content.
        n_workers: Processes that read and measure.
        parallel: What runs them; processes of this machine where none is given.
        overwrite: Replace a dataset of other content.

    Returns:
        The dataset's folder.
    """
    from seismic_lightning.curation.build import curate
    from seismic_lightning.curation.identity import dataset_id, find_fault

    own = dataset_dir is None
    folder = (
        Path(dataset_dir) if dataset_dir else output_dir / "datasets" / dataset_id(archive, settings)[:16]
    )
    fault = find_fault(folder) if own else None
    if fault is not None:
        say(f"{fault}: curating it again.")
    with progress_bar("curating") as advance:
        summary = curate(
            archive,
            folder,
            settings,
            n_workers=n_workers,
            parallel=parallel,
            progress=advance,
            overwrite=overwrite,
            own=own,
        )
    say_summary(summary)
    return folder


def simulated_archive(
    *,
    archive_dir: str | None,
    dataset_dir: str | None,
    output_dir: str,
    n_workers: int,
    parallel: ParallelSettings,
    simulation: dict[str, Any],
    settings: dict[str, Any],
) -> Path:
    """Return the dataset of simulated earthquakes, simulating and curating first unless that has been done.

    Args:
        archive_dir: Must be None: the simulation has a folder of its own below ``output_dir``.
        dataset_dir: Where the dataset lies or shall lie; None for a folder of its own below ``output_dir``.
        output_dir: Root of everything that is written.
        n_workers: Processes that simulate, read and measure.
        parallel: What runs the processes that read and measure.
        simulation: Fields of ``SimulationSettings``.
        settings: Fields of ``CurationSettings``.

    Raises:
        ConfigurationError: An archive was named, which would be passed over in silence.
    """
    if archive_dir is not None:
        raise ConfigurationError(
            f"data=synthetic trains on simulated records and would not read archive_dir={archive_dir}: "
            "add data=archive to train on that archive."
        )
    request = SimulationSettings(**simulation)
    folder = simulate_with_progress(request, None, Path(output_dir), n_workers=n_workers)
    return curate_with_progress(
        folder,
        dataset_dir,
        Path(output_dir),
        curation_settings(settings),
        n_workers=n_workers,
        parallel=parallel,
    )


def simulate_with_progress(
    request: Request,
    archive_dir: str | None,
    output_dir: Path,
    *,
    n_workers: int,
    overwrite: bool = False,
) -> Path:
    """Simulate an archive with a progress bar, or find the unchanged one and say so.

    A damaged archive in a folder of its own below ``output_dir`` is made whole again, which is said.

    Args:
        request: What decides the archive's content.
        archive_dir: Where it shall lie; None for ``output_dir/archives/<content hash>``.
        output_dir: Root of everything that is written.
        n_workers: Processes that simulate and write.
        overwrite: Replace a simulated archive of other content.

    Returns:
        The archive's folder.
    """
    from seismic_lightning.simulation.archive import simulate_archive
    from seismic_lightning.simulation.identity import find_fault, simulation_id

    own = archive_dir is None
    folder = Path(archive_dir) if archive_dir else output_dir / "archives" / simulation_id(request)[:16]
    fault = find_fault(folder, request) if own else None
    if fault is not None:
        say(f"{fault}: simulating it again.")
    with progress_bar("simulating") as advance:
        found = simulate_archive(
            folder, request, n_workers=n_workers, progress=advance, overwrite=overwrite, own=own
        )
    families = ", ".join(f"{count} {family}" for family, count in found.records.items())
    done = "Unchanged" if found.reused else "Simulated"
    say(f"{done}: {found.n_records} records ({families}) of {found.events} earthquake(s) in {folder}.")
    return folder
