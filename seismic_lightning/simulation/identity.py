"""What a simulated archive says of itself, and whether it is still whole; without opening a waveform.

Only the standard library is used, so that a command learns in milliseconds that nothing has to be simulated.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seismic_lightning.errors import ArchiveError
from seismic_lightning.simulation.request import Request

VERSION = 1
"""Raised whenever the same settings would yield other files."""
MANIFEST = "simulation.json"
FORMAT = "seismic_lightning simulated archive"


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
    content = json.dumps([FORMAT, VERSION, _plain(_described(request))], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _described(request: Request) -> dict[str, Any]:
    given = None if request.earthquake is None else asdict(request.earthquake)
    return {"settings": asdict(request.settings), "earthquake": given}


def _plain(described: dict[str, Any]) -> dict[str, Any]:
    """Write every number as a float, so that 5 and 5.0 are the same setting."""
    plain: dict[str, Any] = {}
    for name, value in described.items():
        nested = _plain(value) if isinstance(value, dict) else value
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
        "version": VERSION,
        "simulation_id": simulation_id(request),
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


def find_archive(archive_dir: Path, request: Request, *, overwrite: bool) -> ArchiveSummary | None:
    """Find an archive that was simulated before.

    Args:
        archive_dir: Where it would lie.
        request: What is asked for.
        overwrite: Whether a simulated archive of other content, or a damaged one, may be replaced.

    Returns:
        Its summary, or None if the folder may be written.

    Raises:
        ArchiveError: The folder holds something else.
    """
    if not archive_dir.exists() or (archive_dir.is_dir() and not any(archive_dir.iterdir())):
        return None
    manifest = read_manifest(archive_dir)
    if manifest is None:
        raise ArchiveError(
            f"{archive_dir} exists and was not simulated, so it stays: choose another archive_dir."
        )
    identity = simulation_id(request)
    if manifest["simulation_id"] == identity:
        found = files_and_bytes(archive_dir)
        if found == (manifest["files"], manifest["bytes"]):
            return summary(archive_dir, manifest, reused=True)
        if overwrite:
            return None
        raise ArchiveError(
            f"{archive_dir} was changed: it has {found[0]} files of {found[1]:,} bytes instead of "
            f"{manifest['files']} of {manifest['bytes']:,}. Remove the folder, or give overwrite=true."
        )
    if overwrite:
        return None
    raise ArchiveError(
        f"{archive_dir} holds another simulation (id {manifest['simulation_id'][:12]}, wanted "
        f"{identity[:12]}): the settings differ. Choose another archive_dir, or overwrite=true."
    )
