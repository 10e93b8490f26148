"""Reading of datasets in SeisBench's format: theirs become ours by the same window, selection and split.

The window is cut around the earliest P arrival of each row, on the trace's own grid.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from seismic_lightning.curation.build import make_once
from seismic_lightning.curation.identity import SCHEMA_VERSION
from seismic_lightning.curation.report import CurationSummary
from seismic_lightning.curation.seisbench_build import build
from seismic_lightning.curation.seisbench_table import find_chunks
from seismic_lightning.curation.seisbench_task import Hints
from seismic_lightning.curation.settings import CurationSettings, ParallelSettings
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.progress import Progress

READER_VERSION = 2
"""Rises when the same source and settings lead to another dataset."""


def import_seisbench(
    source_dir: Path,
    dataset_dir: Path,
    settings: CurationSettings,
    hints: Hints | None = None,
    *,
    n_workers: int = 1,
    parallel: ParallelSettings | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
    own: bool = False,
) -> CurationSummary:
    """Make a dataset of one in SeisBench's format, unless the very same one is there already.

    Args:
        source_dir: Folder of SeisBench's format.
        dataset_dir: Folder to make.
        settings: Everything that decides what the dataset contains.
        hints: What the source does not say of itself.
        n_workers: Processes that read and measure.
        parallel: What runs them; processes of this machine where none is given.
        progress: Called with the number of rows that are done and of all.
        overwrite: Replace another dataset in ``dataset_dir``.
        own: The folder is nobody else's: whatever is wrong with it, make it whole again.

    Returns:
        Counts, and whether the dataset was there already.

    Raises:
        ConfigurationError: Nobody says the unit, ``n_workers`` is no number of processes, or no scheduler
            answers.
        DatasetError: The source cannot be read, the folder is taken, or nothing was accepted.
        StorageError: The disk is full or the folder cannot be written to.
    """
    if n_workers < 1:
        raise ConfigurationError(f"n_workers={n_workers}: give 1 or more processes")
    known = hints or Hints()
    processes = (n_workers, parallel or ParallelSettings())
    return make_once(
        source_dir,
        dataset_dir,
        lambda: seisbench_id(source_dir, settings, known),
        lambda folder: build(source_dir, folder, (settings, known), processes, progress),
        overwrite=overwrite,
        own=own,
    )


def seisbench_id(source_dir: Path, settings: CurationSettings, hints: Hints) -> str:
    """Return the content address of the dataset that a source and settings lead to.

    Args:
        source_dir: Folder of SeisBench's format; its files enter by name, size and modification time.
        settings: Everything that decides what the dataset contains.
        hints: What the source does not say of itself.

    Returns:
        SHA-256 as 64 hexadecimal digits.

    Raises:
        DatasetError: The folder is not of that format.
    """
    files = [(path.name, path.stat()) for chunk in find_chunks(source_dir) for path in chunk]
    made_of = [
        SCHEMA_VERSION,
        READER_VERSION,
        asdict(settings),
        asdict(hints),
        [(name, status.st_size, status.st_mtime_ns) for name, status in files],
    ]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
