"""What a simulated archive says of itself, and whether it is still whole; without opening a waveform.

An archive's identifier is the hash of what was asked for and of the source that simulates it: every file of
this room that decides a byte, its data, and the modules of ``records`` that it computes and writes with. A
changed simulator is therefore another archive without anybody having to remember it; a changed comment costs
one simulation more. Python, NumPy and the processor are no part of it: another machine may round a sample to
the neighbouring count, and that is the same archive.

Only the standard library is used, so that a command learns in milliseconds that nothing has to be simulated.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seismic_lightning.errors import ArchiveError
from seismic_lightning.simulation.request import Earthquake, Request
from seismic_lightning.storage import is_vacant

MANIFEST = "simulation.json"
FORMAT = "seismic_lightning simulated archive"
PACKAGE = Path(__file__).parents[1]
ROOM, SHIPPED = "simulation", (".py", ".csv")
ONLY_COMPARES = (
    "by_block.py", "calibration.py", "comparison.py", "known_truth.py", "measures.py", "real_figures.py",
)  # fmt: skip
"""Modules of this room that look at records and make none."""
WRITTEN_WITH = (
    "codes.py",
    "records/bulletin_writer.py",
    "records/catalogue.py",
    "records/kandilli.py",
    "records/miniseed.py",
    "records/quakeml.py",
    "records/sphere.py",
    "records/station_writer.py",
    "records/travel_time.py",
    "records/waveform.py",
)
"""What the room imports from others; a test holds that nothing is missing here."""


@dataclass(frozen=True)
class ArchiveSummary:
    """What was simulated.

    Attributes:
        folder: The archive.
        simulation_id: Content address.
        events: Earthquakes of the catalogue.
        picks: Picks of the catalogue.
        records: Event files by channel family.
        artefacts: Records with each kind of artefact.
        reused: Whether the archive was there already.
    """

    folder: Path
    simulation_id: str
    events: int
    picks: int
    records: dict[str, int]
    artefacts: dict[str, int]
    reused: bool

    @property
    def n_records(self) -> int:
        """Return the number of event files."""
        return sum(self.records.values())


def simulation_id(request: Request) -> str:
    """Return the content address of the archive that a request leads to, 64 hexadecimal digits.

    Args:
        request: Everything that decides what is simulated.
    """
    content = json.dumps([FORMAT, sources_sha256(), _plain(_described(request))], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def sources() -> list[Path]:
    """Return the files of this package that decide what an archive contains, in a fixed order."""
    room = (
        path
        for path in (PACKAGE / ROOM).rglob("*")
        if path.suffix in SHIPPED and path.name not in ONLY_COMPARES
    )
    return sorted([*room, *(PACKAGE / name for name in WRITTEN_WITH)])


def sources_sha256() -> str:
    """Return one hash of the names and contents of :func:`sources`, whatever their line ends."""
    digest = hashlib.sha256()
    for path in sources():
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _described(request: Request) -> dict[str, Any]:
    return {"earthquake" if isinstance(request, Earthquake) else "settings": asdict(request)}


def _plain(described: dict[str, Any]) -> dict[str, Any]:
    """Write as JSON would, and every number as a float, so that 5 and 5.0 are the same setting."""
    plain: dict[str, Any] = {}
    for name, value in described.items():
        nested = _plain(value) if isinstance(value, dict) else value
        nested = list(nested) if isinstance(nested, tuple) else nested
        plain[name] = float(nested) if isinstance(nested, int) else nested
    return plain


def files_and_bytes(folder: Path) -> tuple[int, int]:
    """Return how many files an archive has besides its manifest, and their size together."""
    sizes = [
        (Path(root) / name).stat().st_size
        for root, _, names in os.walk(folder)
        for name in names
        if name != MANIFEST
    ]
    return len(sizes), sum(sizes)


def write_manifest(folder: Path, request: Request, counts: dict[str, Any]) -> None:
    """Write what makes a folder a simulated archive.

    Args:
        folder: Folder with all other files.
        request: What was simulated.
        counts: Events, picks, records and artefacts, as :class:`ArchiveSummary` has them.
    """
    n_files, n_bytes = files_and_bytes(folder)
    manifest = {
        "format": FORMAT,
        "simulation_id": simulation_id(request),
        "sources_sha256": sources_sha256(),
        **_described(request),
        "counts": counts,
        "files": n_files,
        "bytes": n_bytes,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def read_manifest(archive_dir: Path) -> dict[str, Any] | None:
    """Return the content of ``simulation.json``, or None where a folder is no simulated archive."""
    try:
        manifest = json.loads((archive_dir / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("format") == FORMAT else None


def summary(archive_dir: Path, manifest: dict[str, Any], *, reused: bool) -> ArchiveSummary:
    """Return the summary that a manifest holds."""
    return ArchiveSummary(archive_dir, manifest["simulation_id"], **manifest["counts"], reused=reused)


def find_archive(
    archive_dir: Path, request: Request, *, overwrite: bool = False, own: bool = False
) -> ArchiveSummary | None:
    """Find an archive that was simulated before.

    Args:
        archive_dir: Where it would lie.
        request: What is asked for.
        overwrite: Whether a simulated archive of other content, or a damaged one, may be replaced.
        own: Whether the folder may be replaced whatever it holds.

    Returns:
        Its summary, or None if the folder may be written.

    Raises:
        ArchiveError: The folder holds something else.
    """
    if is_vacant(archive_dir):
        return None
    manifest, fault = read_manifest(archive_dir), find_fault(archive_dir, request)
    if manifest is not None and fault is None:
        return summary(archive_dir, manifest, reused=True)
    if own or (overwrite and manifest is not None):
        return None
    if manifest is None:
        raise ArchiveError(
            f"{archive_dir} exists and was not simulated, so it stays: choose another archive_dir."
        )
    raise ArchiveError(f"{fault}. Choose another archive_dir, or give overwrite=true.")


def find_fault(archive_dir: Path, request: Request) -> str | None:
    """Say what is wrong with the archive of a request.

    Args:
        archive_dir: Where it lies, if it is there.
        request: What was asked for.

    Returns:
        A sentence without its full stop, None where the archive is whole or not there.
    """
    if is_vacant(archive_dir):
        return None
    manifest = read_manifest(archive_dir)
    if manifest is None:
        return f"{archive_dir} lacks a readable {MANIFEST}"
    identity = simulation_id(request)
    if manifest["simulation_id"] != identity:
        same = _plain(_described(request)).items() <= _plain(manifest).items()
        what = "was made by another version of the simulator" if same else "the settings differ"
        return (
            f"{archive_dir} holds another simulation (id {manifest['simulation_id'][:12]}, wanted "
            f"{identity[:12]}): {what}"
        )
    n_files, n_bytes = files_and_bytes(archive_dir)
    if (n_files, n_bytes) != (manifest["files"], manifest["bytes"]):
        return (
            f"{archive_dir} was changed: it has {n_files} files of {n_bytes:,} bytes instead of "
            f"{manifest['files']} of {manifest['bytes']:,}"
        )
    return None
