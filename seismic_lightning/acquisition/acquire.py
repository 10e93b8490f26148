"""The one entry to acquisition: a catalogue and settings in, an archive out; only what lacks is fetched.

    archive_dir/
    ├── catalogue.xml               the events asked for, with their picks
    ├── stations.xml                StationXML with responses
    ├── waveforms/<family>/<event>_<NET>_<STA>[_<LOC>]_<family>.mseed
    └── acquisition/                ledger.sqlite, rejections.csv

A file is there as a whole or not at all. The ledger notes each window after its file is written.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path

from seismic_lightning.acquisition.eida import credentials
from seismic_lightning.acquisition.estimate import Estimate, estimate
from seismic_lightning.acquisition.fetch import WindowFetcher
from seismic_lightning.acquisition.ledger import FAILED, NO_DATA, STORED, WAITING, Ledger, Outcome
from seismic_lightning.acquisition.metadata import fetch_events, fetch_stations
from seismic_lightning.acquisition.nodes import base_url, service_url
from seismic_lightning.acquisition.plan import plan_windows, selected
from seismic_lightning.acquisition.settings import AcquisitionSettings
from seismic_lightning.acquisition.transport import Transport
from seismic_lightning.errors import AcquisitionError
from seismic_lightning.progress import Progress
from seismic_lightning.records.catalogue import Catalogue
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.storage import locked, remove_unfinished, require_writable, write_atomically

FOLDER = "acquisition"
LEDGER = "ledger.sqlite"
REJECTIONS = "rejections.csv"


@dataclass(frozen=True)
class AcquisitionSummary:
    """What an archive holds after an acquisition.

    Attributes:
        archive_dir: The archive.
        states: Number of planned windows by state.
        families: Number of stored windows by channel family.
        failures: Number of windows and picks without a file, by reason; "no data" apart.
        n_bytes: Size of all stored windows.
        n_fetched: Windows that this run asked for.
    """

    archive_dir: Path
    states: dict[str, int]
    families: dict[str, int]
    failures: dict[str, int]
    n_bytes: int
    n_fetched: int

    @property
    def rejections(self) -> Path:
        """Return the table of everything without a file."""
        return self.archive_dir / FOLDER / REJECTIONS


def acquire(
    archive_dir: Path,
    catalogue: Catalogue,
    settings: AcquisitionSettings,
    *,
    progress: Progress | None = None,
    ask_failed: bool = True,
) -> AcquisitionSummary:
    """Fetch what an archive lacks; nothing, if it lacks nothing.

    Two processes that want the same archive wait for each other.

    Args:
        archive_dir: Archive to make or complete.
        catalogue: Events and picks, of which the region and period are taken.
        settings: What is asked for.
        progress: Called with the number of finished windows and of all that were waiting.
        ask_failed: Ask again for windows that failed in an earlier run.

    Returns:
        Counts.

    Raises:
        AcquisitionError: The node is down, or nothing at all could be fetched.
        ConfigurationError: A setting cannot be used.
        StorageError: The disk is full or the folder cannot be written to.
    """
    archive_dir = archive_dir.absolute()
    with locked(archive_dir):
        folder = archive_dir / FOLDER
        require_writable(folder)
        for place in (archive_dir, folder, *(archive_dir / "waveforms").glob("*")):
            remove_unfinished(place)
        with Ledger(folder / LEDGER) as ledger:
            _plan(archive_dir, catalogue, settings, ledger)
            ledger.recall(archive_dir, failed=ask_failed)
            n_fetched = _fetch(archive_dir, settings, ledger, progress)
            write_atomically(folder / REJECTIONS, _rejections(ledger))
            found = AcquisitionSummary(
                archive_dir,
                ledger.counts(),
                ledger.families(),
                ledger.failures(),
                ledger.stored_bytes(),
                n_fetched,
            )
    _refuse_nothing(found, settings)
    return found


def preview(catalogue: Catalogue, settings: AcquisitionSettings) -> Estimate:
    """Count what an acquisition would ask for; asks for station metadata alone, and writes nothing.

    Args:
        catalogue: Events and picks, of which the region and period are taken.
        settings: What would be asked for.

    Returns:
        The counts.

    Raises:
        AcquisitionError: The node is down or has no such stations.
    """
    base = base_url(settings.fdsn.node, "fdsn.node")
    with _transport(settings) as transport:
        _, inventory = fetch_stations(transport, base, settings)
    entries = plan_windows(selected(catalogue, settings), inventory, settings.fdsn)
    return estimate(entries, settings.fdsn.transfer)


def download_events(node: str, settings: AcquisitionSettings, archive_dir: Path) -> Path:
    """Ask an event service for the catalogue, unless that was done before.

    Args:
        node: Address or name of the node with the event service.
        settings: Region, period and least magnitude.
        archive_dir: Archive to make.

    Returns:
        A QuakeML file within the archive.

    Raises:
        AcquisitionError: The node is down or has no such events.
    """
    with locked(archive_dir.absolute()), _transport(settings) as transport:
        return fetch_events(
            transport, base_url(node, "events_url"), settings, archive_dir.absolute() / FOLDER
        )


@contextmanager
def _transport(settings: AcquisitionSettings) -> Iterator[Transport]:
    transport = Transport(settings.fdsn.transfer)
    try:
        yield transport
    finally:
        transport.close()


def _plan(archive_dir: Path, catalogue: Catalogue, settings: AcquisitionSettings, ledger: Ledger) -> None:
    """Make the plan, unless the very same one is in the ledger; writes catalogue and station metadata."""
    base = base_url(settings.fdsn.node, "fdsn.node")
    wanted = selected(catalogue, settings)
    plan_id = _plan_id(base, wanted, settings)
    files = archive_dir / "catalogue.xml", archive_dir / "stations.xml"
    if ledger.plan_id == plan_id and all(file.is_file() for file in files):
        return
    with _transport(settings) as transport:
        document, inventory = fetch_stations(transport, base, settings)
    write_atomically(files[0], quakeml_bytes(wanted))
    write_atomically(files[1], document)
    ledger.plan(plan_id, plan_windows(wanted, inventory, settings.fdsn))


def _plan_id(base: str, catalogue: Catalogue, settings: AcquisitionSettings) -> str:
    """Return a digest of everything that a plan depends on, but not of how the node is talked to."""
    asked = {"region": asdict(settings.region), "fdsn": asdict(settings.fdsn)}
    for name in ("node", "token_variable", "transfer"):
        del asked["fdsn"][name]
    digest = hashlib.sha256(repr([base, settings.start_ns, settings.end_ns, asked]).encode())
    for row in chain[object](catalogue.events.values(), catalogue.picks):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _fetch(
    archive_dir: Path, settings: AcquisitionSettings, ledger: Ledger, progress: Progress | None
) -> int:
    """Fetch all waiting windows with a few connections; returns how many there were."""
    transfer, n_waiting = settings.fdsn.transfer, ledger.counts().get(WAITING, 0)
    if n_waiting == 0:
        return 0
    base, n_done = base_url(settings.fdsn.node, "fdsn.node"), 0
    with _transport(settings) as transport, ThreadPoolExecutor(transfer.connections) as pool:
        transport.auth = credentials(transport, base, settings.fdsn.token_variable)
        method = "query" if transport.auth is None else "queryauth"
        fetcher = WindowFetcher(transport, service_url(base, "dataselect", method), archive_dir)
        batches = ledger.batches(transfer.windows_per_request)
        under_way: set[Future[list[Outcome]]] = set()
        try:
            while True:
                free = 2 * transfer.connections - len(under_way)
                under_way |= {pool.submit(fetcher.fetch, batch) for batch in islice(batches, free)}
                if not under_way:
                    break
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                outcomes = [outcome for future in done for outcome in future.result()]
                ledger.note(outcomes)
                n_done += len(outcomes)
                if progress is not None:
                    progress(n_done, n_waiting)
                if transport.is_down:
                    break
            ledger.note(outcome for future in under_way for outcome in future.result())
        finally:
            pool.shutdown(cancel_futures=True)
    return n_waiting


def _rejections(ledger: Ledger) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "event", "station", "reason", "detail"])
    writer.writerows(ledger.not_stored())
    return text.getvalue().encode()


def _refuse_nothing(found: AcquisitionSummary, settings: AcquisitionSettings) -> None:
    """Refuse an archive that nobody could curate, and one that a node which went down left incomplete."""
    reasons = ", ".join(f"{number} {reason}" for reason, number in found.failures.items())
    node, waiting = settings.fdsn.node, found.states.get(WAITING, 0)
    if waiting:
        raise AcquisitionError(
            "gave_up",
            f"{node} went down with {waiting} of {sum(found.states.values())} windows to fetch "
            f"({reasons}); run the same command again once it is up.",
        )
    if not found.states:
        why = f" ({reasons})" if reasons else ": no event of the region and period has a P pick"
        raise AcquisitionError(
            "no_p", f"there is nothing to ask {node} for{why}. Give bulletins=, or fdsn.model_within_km=100."
        )
    if not found.states.get(STORED):
        counted = f"{found.states.get(NO_DATA, 0)} {NO_DATA}{', ' * bool(reasons)}{reasons}"
        message = f"{node} sent no window ({counted}); {found.rejections} lists them."
        raise AcquisitionError(FAILED, message)
