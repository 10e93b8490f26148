"""Where ``train.py`` gets its dataset from; each option of the ``data`` group names one function here."""

from pathlib import Path
from typing import Any

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.errors import ConfigurationError, DatasetError


def curated_archive(
    archive_dir: str | None,
    dataset_dir: str | None,
    output_dir: str,
    n_workers: int,
    settings: dict[str, Any],
) -> Path:
    """Return the dataset of an archive, curating it first unless that has been done.

    Args:
        archive_dir: The archive.
        dataset_dir: Where its dataset lies or shall lie; None for a folder of its own below ``output_dir``.
        output_dir: Root of everything that is written.
        n_workers: Processes that read and measure.
        settings: Fields of ``CurationSettings``.

    Raises:
        ConfigurationError: No archive was named.
    """
    if archive_dir is None:
        raise ConfigurationError(
            "data=archive needs an archive: add archive_dir=<folder with catalogue.xml, stations.xml and "
            "waveforms/>, or train on a dataset of seismic-curate with data=dataset dataset_dir=<folder>."
        )
    return curate_with_progress(
        Path(archive_dir), dataset_dir, Path(output_dir), CurationSettings(**settings), n_workers=n_workers
    )


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


def curate_with_progress(
    archive_dir: Path,
    dataset_dir: str | None,
    output_dir: Path,
    settings: CurationSettings,
    *,
    n_workers: int,
    overwrite: bool = False,
) -> Path:
    """Curate with a progress bar and a closing table, or find the unchanged dataset and say so.

    Args:
        archive_dir: The archive.
        dataset_dir: Where the dataset shall lie; None for ``output_dir/datasets/<content hash>``.
        output_dir: Root of everything that is written.
        settings: What decides the dataset's content.
        n_workers: Processes that read and measure.
        overwrite: Replace a dataset of other content.

    Returns:
        The dataset's folder.
    """
    from seismic_lightning.curation.build import curate
    from seismic_lightning.curation.identity import dataset_id
    from seismic_lightning.curation.report import remedies, summary_table

    folder = (
        Path(dataset_dir) if dataset_dir else output_dir / "datasets" / dataset_id(archive_dir, settings)[:16]
    )
    with progress_bar("curating") as advance:
        summary = curate(
            archive_dir, folder, settings, n_workers=n_workers, progress=advance, overwrite=overwrite
        )
    if summary.reused:
        say(f"Unchanged: {summary.accepted} records in {folder}.")
    else:
        say(summary_table(summary), *remedies(summary), f"{summary.accepted} records in {folder}.")
    return folder
