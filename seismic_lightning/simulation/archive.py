"""The one entry to the simulation of archives: settings in, a folder like an observatory's out.

    archive_dir/
    ├── catalogue.xml               QuakeML with the analyst's picks
    ├── catalogue.txt               the same events as Kandilli exports them
    ├── bulletins/<year>.txt        the same picks as GSE2.0
    ├── stations.xml                StationXML with full responses
    ├── waveforms/<family>/<event>_KO_<STA>_<family>.mseed
    ├── truth.parquet               what no observatory has
    └── simulation.json             settings, counts, identifier

The folder appears whole or not at all, and the same request leads to the same bytes.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seismic_lightning.errors import ConfigurationError, StorageError
from seismic_lightning.progress import Progress
from seismic_lightning.simulation.identity import (
    ArchiveSummary,
    find_archive,
    read_manifest,
    summary,
    write_manifest,
)
from seismic_lightning.simulation.request import Request
from seismic_lightning.storage import locked, whole_folder

if TYPE_CHECKING:
    import pandas as pd

    from seismic_lightning.simulation.event_files import Recording

CATALOGUE, TEXT_CATALOGUE, BULLETINS = "catalogue.xml", "catalogue.txt", "bulletins"
STATIONS, TRUTH = "stations.xml", "truth.parquet"
BLOCKS_PER_TASK = 4


def simulate_archive(
    archive_dir: Path,
    request: Request,
    *,
    n_workers: int = 1,
    progress: Progress | None = None,
    overwrite: bool = False,
    own: bool = False,
) -> ArchiveSummary:
    """Simulate an archive, unless the very same one is there already.

    Two processes that want the same folder wait for each other.

    Args:
        archive_dir: Folder to make.
        request: Everything that decides what is simulated.
        n_workers: Processes that simulate and write.
        progress: Called with the number of written records and of all records.
        overwrite: Replace another simulated archive in this folder; any other folder is never replaced.
        own: The folder is nobody else's: whatever is wrong with it, make it whole again.

    Returns:
        Counts, and whether the archive was there already.

    Raises:
        ArchiveError: The folder is taken.
        ConfigurationError: A setting cannot be used; nothing was written.
        StorageError: The disk is full, the folder cannot be written to, or a process was killed.
    """
    if n_workers < 1:
        raise ConfigurationError(f"n_workers={n_workers}: give 1 or more processes")
    archive_dir = archive_dir.absolute()
    found = find_archive(archive_dir, request, overwrite=overwrite, own=own)
    if found is not None:
        return found
    # Here: an archive that is there already needs neither pandas nor ObsPy nor joblib.
    from seismic_lightning.simulation.event_files import prepared

    prepared(request)  # refuses what cannot be simulated, before a lock file appears
    with locked(archive_dir):
        # Another process may have made it meanwhile.
        found = find_archive(archive_dir, request, overwrite=overwrite, own=own)
        if found is not None:
            return found
        with whole_folder(archive_dir) as folder:
            counts = _write(folder, request, n_workers, progress)
            write_manifest(folder, request, counts)
        return summary(archive_dir, read_manifest(archive_dir) or {}, reused=False)


def _write(folder: Path, request: Request, n_workers: int, progress: Progress | None) -> dict[str, Any]:
    """Write all files but the manifest; returns its counts."""
    import pandas as pd

    from seismic_lightning.simulation.event_files import prepared

    recording, records = prepared(request)
    for family in sorted(set(records["family"])):
        (folder / "waveforms" / family).mkdir(parents=True)
    parts: list[pd.DataFrame] = []
    n_done = 0
    for part in _write_event_files(folder, request, recording.n_blocks, n_workers):
        parts.append(part)
        n_done += len(part)
        if progress is not None:
            progress(n_done, len(records))
    truth = pd.concat(parts)
    truth.to_parquet(folder / TRUTH, index=False)
    n_events, n_picks = write_tables(folder, recording)
    tags = Counter(tag for tags in truth["artefacts"] if tags for tag in tags.split("+"))
    return {
        "events": n_events,
        "picks": n_picks,
        "records": dict(sorted(Counter(truth["family"]).items())),
        "artefacts": dict(sorted(tags.items())),
    }


def _write_event_files(
    folder: Path, request: Request, n_blocks: int, n_workers: int
) -> "Iterator[pd.DataFrame]":
    """Write event files, a few blocks per task; yields their truth in order."""
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel, delayed

    from seismic_lightning.simulation.event_files import write_blocks

    blocks = range(n_blocks)
    tasks = (
        delayed(write_blocks)(request, blocks[first : first + BLOCKS_PER_TASK], folder)
        for first in range(0, n_blocks, BLOCKS_PER_TASK)
    )
    try:
        yield from Parallel(n_jobs=n_workers, return_as="generator")(tasks)
    except BrokenProcessPool as error:
        raise StorageError(
            f"one of n_workers={n_workers} processes was killed, most likely because memory ran out: give "
            "fewer n_workers, or the machine more memory, and simulate again."
        ) from error


def write_tables(folder: Path, recording: "Recording") -> tuple[int, int]:
    """Write catalogues, bulletins and station metadata.

    Args:
        folder: Archive that is being written.
        recording: What is simulated.

    Returns:
        Number of events and of picks.
    """
    from itertools import groupby

    from seismic_lightning.records.bulletin_writer import bulletin_text
    from seismic_lightning.records.kandilli import NamedEvent, kandilli_bytes
    from seismic_lightning.records.quakeml import quakeml_bytes
    from seismic_lightning.simulation.analyst import make_bulletin, make_catalogue, readings
    from seismic_lightning.simulation.metadata import stationxml_bytes

    events, records, recorder = recording.events(), recording.records(), recording.recorder
    catalogue = make_catalogue(events, records)
    entries = make_bulletin(catalogue, readings(events, records), recorder.network)
    (folder / CATALOGUE).write_bytes(quakeml_bytes(catalogue))
    lines = (NamedEvent(entry.event, entry.region) for entry in entries)
    (folder / TEXT_CATALOGUE).write_bytes(kandilli_bytes(lines))
    (folder / STATIONS).write_bytes(stationxml_bytes(recorder.network, recorder.bh_rate_hz))
    (folder / BULLETINS).mkdir()
    first_id = 1
    for year, group in groupby(entries, key=lambda entry: entry.event.event_id[:4]):
        chosen = list(group)
        text = bulletin_text(chosen, f"SIM_{year}", first_id=first_id)
        (folder / BULLETINS / f"{year}.txt").write_text(text, encoding="ascii")
        first_id += sum(len(entry.arrivals) for entry in chosen)
    return len(catalogue.events), len(catalogue.picks)
