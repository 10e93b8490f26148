"""The one entry to exports: a dataset in, a folder of files out, whole or not at all."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import seismic_lightning
from seismic_lightning.curation.schema import SPLITS
from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.export.form import Content, Form
from seismic_lightning.export.signals import Block, Signals
from seismic_lightning.progress import Progress
from seismic_lightning.storage import locked, whole_folder
from seismic_lightning.transforms.settings import PreprocessSettings

MANIFEST = "export.json"
FORMAT = "seismic_lightning export"


@dataclass(frozen=True)
class Choice:
    """Which records leave, and how.

    Attributes:
        preprocess: Preprocessing; its rate and precision are not used.
        subset: ``train``, ``dev``, ``test``, or None for all accepted records.
        sampling_rate_hz: Common rate to resample to; None keeps each record's own.
    """

    preprocess: PreprocessSettings
    subset: str | None = None
    sampling_rate_hz: float | None = None


@dataclass(frozen=True)
class ExportSummary:
    """What was written.

    Attributes:
        folder: Where.
        records: Number of records by split.
        clipped: Number of records whose high corner was clipped to 0.8 of their Nyquist frequency.
        raw: Whether samples left as they were recorded.
    """

    folder: Path
    records: dict[str, int]
    clipped: int
    raw: bool


def export_dataset(
    dataset_dir: Path,
    output_dir: Path,
    form: Form,
    choice: Choice,
    *,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> ExportSummary:
    """Write the records of a dataset in a format of others.

    Args:
        dataset_dir: Folder that curation wrote.
        output_dir: Folder to make.
        form: Format.
        choice: Which records, and how.
        progress: Called with the number of written records and of all.
        overwrite: Replace another export in this folder; a folder that is no export is never replaced.

    Returns:
        Counts.

    Raises:
        BandError: A family has no band, or a sampling rate does not allow it.
        ConfigurationError: A setting cannot be used.
        DatasetError: There is no dataset, the folder is taken, or the split is empty.
        StorageError: The disk is full or the folder cannot be written to.
    """
    output_dir = output_dir.absolute()
    check_free(output_dir, overwrite=overwrite)
    dataset = open_dataset(dataset_dir)
    rows = _rows(dataset, choice.subset)
    signals = Signals(dataset, choice.preprocess, choice.sampling_rate_hz)
    clipped = signals.check(rows)
    content = Content(
        dataset.metadata, dataset.components, signals.unit, signals, form.order(dataset.metadata, rows)
    )
    counts = dataset.metadata.iloc[rows]["split"].value_counts()
    records = {name: int(counts.get(name, 0)) for name in SPLITS if name in counts}
    with locked(output_dir):
        check_free(output_dir, overwrite=overwrite)  # another process may have written it meanwhile
        with whole_folder(output_dir) as folder:
            form.write(folder, content, _counted(content, progress))
            _write_manifest(folder, dataset, form, signals, records)
    return ExportSummary(output_dir, records, clipped, signals.raw)


def check_free(output_dir: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds something else than an export that may be replaced.

    Raises:
        DatasetError: The folder is taken.
    """
    if not output_dir.exists() or (output_dir.is_dir() and not any(output_dir.iterdir())):
        return
    if not _is_export(output_dir):
        raise DatasetError(f"{output_dir} exists and is no export, so it stays: choose another output_dir.")
    if not overwrite:
        raise DatasetError(
            f"{output_dir} holds an export already: choose another output_dir, or overwrite=true."
        )


def _is_export(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


def _rows(dataset: CuratedDataset, subset: str | None) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    if subset is None:
        return np.arange(len(dataset), dtype=np.int64)
    if subset not in SPLITS:
        raise ConfigurationError(f"subset={subset}: give one of {', '.join(SPLITS)}, or null for all records")
    rows = np.flatnonzero(dataset.metadata["split"] == subset).astype(np.int64)
    if rows.size == 0:
        raise DatasetError(f"the {subset} split of {dataset.root} has no record: choose another subset.")
    return rows


def _counted(content: Content, progress: Progress | None) -> Iterator[Block]:
    done = 0
    for block in content.signals.blocks(content.rows):
        yield block
        done += len(block.rows)
        if progress is not None:
            progress(done, len(content.rows))


def _write_manifest(
    folder: Path, dataset: CuratedDataset, form: Form, signals: Signals, records: dict[str, int]
) -> None:
    manifest = {
        "format": FORMAT,
        "version": seismic_lightning.__version__,
        "form": form.name,
        "dataset_id": dataset.dataset_id,
        "unit": signals.unit,
        "preprocess": signals.description(),
        "records": records,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
