"""The one entry to curation: an archive and settings in, a dataset out, made only when something changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from seismic_lightning.curation.identity import (
    Address,
    check_intact,
    find_fault,
    read_manifest,
    write_manifest,
)
from seismic_lightning.curation.layout import Places, absolute
from seismic_lightning.curation.report import CurationSummary
from seismic_lightning.curation.settings import CurationSettings, ParallelSettings
from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.progress import Progress
from seismic_lightning.storage import is_vacant, locked, whole_folder


def curate(
    archive: Path | Places,
    dataset_dir: Path,
    settings: CurationSettings,
    *,
    n_workers: int = 1,
    parallel: ParallelSettings | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
    own: bool = False,
) -> CurationSummary:
    """Make a dataset of an archive, unless the very same one is there already.

    The folder appears whole or not at all. Two processes that want the same folder wait for each other.

    Args:
        archive: Archive with catalogue, station metadata and waveforms, or the places of these.
        dataset_dir: Folder to make.
        settings: Everything that decides what the dataset contains.
        n_workers: Processes that measure files.
        parallel: What runs them; processes of this machine where none is given.
        progress: Called with the number of measured files and of all files to measure.
        overwrite: Replace another dataset in this folder; a folder that is no dataset is never replaced.
        own: The folder is nobody else's: whatever is wrong with it, make it whole again.

    Returns:
        Counts, and whether the dataset was there already.

    Raises:
        ArchiveError: The archive lacks a part.
        ConfigurationError: A setting cannot be used with this archive.
        DatasetError: The folder is taken, or nothing was accepted.
        StorageError: The disk is full or the folder cannot be written to.
    """
    if n_workers < 1:
        raise ConfigurationError(f"n_workers={n_workers}: give 1 or more processes")
    archive = absolute(archive)

    def build(folder: Path) -> dict[str, Any]:
        # Here: an unchanged archive needs neither pandas nor ObsPy nor joblib.
        from seismic_lightning.curation.pipeline import build_dataset

        content, address.read = build_dataset(
            archive,
            folder,
            settings,
            parallel=parallel or ParallelSettings(),
            n_workers=n_workers,
            progress=progress,
        )
        return content

    address = Address(archive, settings)
    return make_once(archive, dataset_dir, address, build, overwrite=overwrite, own=own)


def make_once(
    source: Path | Places,
    dataset_dir: Path,
    identify: Callable[[], str],
    build: Callable[[Path], dict[str, Any]],
    *,
    overwrite: bool,
    own: bool = False,
) -> CurationSummary:
    """Build a dataset as a whole folder, unless the very same one is there already.

    Args:
        source: What it is made from, for errors.
        dataset_dir: Folder to make.
        identify: Returns the content address that the source leads to at the moment.
        build: Writes all files but the manifest into a folder and returns the manifest's content.
        overwrite: Replace another dataset in this folder.
        own: The folder is nobody else's: whatever is wrong with it, make it whole again.

    Returns:
        Counts, and whether the dataset was there already.

    Raises:
        DatasetError: The folder is taken, or the source changed meanwhile.
        StorageError: The disk is full or the folder cannot be written to.
    """
    dataset_dir, identity = dataset_dir.absolute(), identify()
    found = _reusable(dataset_dir, identity, overwrite=overwrite, own=own)
    if found is not None:
        return found
    with locked(dataset_dir):
        # Another process may have made it meanwhile.
        found = _reusable(dataset_dir, identity, overwrite=overwrite, own=own)
        if found is not None:
            return found
        with whole_folder(dataset_dir) as folder:
            content = build(folder)
            if identify() != identity:
                raise DatasetError(f"{source} changed while it was curated: curate again once it is at rest.")
            manifest = write_manifest(folder, identity, content)
        return CurationSummary.from_manifest(manifest, dataset_dir, reused=False)


def _reusable(dataset_dir: Path, identity: str, *, overwrite: bool, own: bool) -> CurationSummary | None:
    """Return the summary of a dataset that is there already, None if the folder may be written."""
    if is_vacant(dataset_dir) or (own and find_fault(dataset_dir) is not None):
        return None
    manifest = read_manifest(dataset_dir)
    if manifest is None:
        raise DatasetError(
            f"{dataset_dir} exists and is no dataset, so it stays: choose another dataset_dir."
        )
    if overwrite:
        try:
            check_intact(dataset_dir, manifest)
        except DatasetError:
            return None
    if manifest["dataset_id"] == identity:
        check_intact(dataset_dir, manifest)
        return CurationSummary.from_manifest(manifest, dataset_dir, reused=True)
    if overwrite:
        return None
    message = (
        f"{dataset_dir} holds another dataset (id {manifest['dataset_id'][:12]}, wanted {identity[:12]}): "
        "the archive or the settings differ. Choose another dataset_dir, or overwrite=true."
    )
    raise DatasetError(message)
