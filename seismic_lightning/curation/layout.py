"""The archive's contract on disk: which files it must have, and what the names of its event files say.

    archive_dir/
    ├── catalogue.xml                                                   QuakeML, with or without picks
    ├── stations.xml                                                    StationXML
    └── waveforms/<family>/<event>_[<NET>_]<STA>[_<LOC>]_<family>.mseed  three components each

Only the standard library is used here: the names alone decide what an archive holds.
"""

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from seismic_lightning.errors import ArchiveError

CATALOGUE = "catalogue.xml"
STATIONS = "stations.xml"
WAVEFORMS = "waveforms"
WAVEFORM_SUFFIX = ".mseed"


class ArchiveParts(NamedTuple):
    """Files of an archive.

    Attributes:
        catalogue: QuakeML file.
        stations: StationXML file.
        waveforms: Event files, sorted by their path within the archive.
        strangers: Files among the waveforms that are not where, or not called what, event files should be.
    """

    catalogue: Path
    stations: Path
    waveforms: tuple[Path, ...]
    strangers: tuple[Path, ...]


class FileName(NamedTuple):
    """What the name of an event file says.

    Attributes:
        event_id: Event of the catalogue.
        codes: What stands between event and family: ``[STA]``, ``[NET, STA]``, ``[STA, LOC]`` or
            ``[NET, STA, LOC]``.
        family: Channel family.
    """

    event_id: str
    codes: tuple[str, ...]
    family: str


def find_parts(archive_dir: Path) -> ArchiveParts:
    """Find the parts of an archive.

    Args:
        archive_dir: Folder that should keep the contract above.

    Returns:
        Its catalogue, station metadata and event files.

    Raises:
        ArchiveError: The folder or a part of it is missing; the message names it and what would be accepted.
    """
    if not archive_dir.is_dir():
        message = (
            f"archive_dir={archive_dir} is no folder; give one with {CATALOGUE}, {STATIONS} and {WAVEFORMS}/."
        )
        raise ArchiveError(message)
    catalogue, stations, folder = archive_dir / CATALOGUE, archive_dir / STATIONS, archive_dir / WAVEFORMS
    if not catalogue.is_file():
        others = sorted(path.name for path in archive_dir.glob("catalogue.*"))
        found = f" (found {', '.join(others)})" if others else ""
        raise ArchiveError(f"{archive_dir} has no catalogue{found}; give {CATALOGUE} in QuakeML.")
    if not stations.is_file():
        raise ArchiveError(f"{archive_dir} has no station metadata; give {STATIONS} in StationXML.")
    pattern = f"{WAVEFORMS}/<family>/<event>_<NET>_<STA>[_<LOC>]_<family>{WAVEFORM_SUFFIX}"
    if not folder.is_dir():
        raise ArchiveError(f"{archive_dir} has no folder {WAVEFORMS}; give event files {pattern}.")
    waveforms, strangers = _event_files(folder)
    if not waveforms:
        raise ArchiveError(f"{folder} holds no event files; give {pattern}.")
    return ArchiveParts(catalogue, stations, waveforms, strangers)


def parse_name(stem: str, event_ids: Collection[str]) -> FileName | None:
    """Take the name of an event file apart.

    Event identifiers may contain underscores, hence the longest known identifier that begins the name is
    taken.

    Args:
        stem: Name without its suffix.
        event_ids: Identifiers of the catalogue.

    Returns:
        The parts, or None if the name does not begin with an event of the catalogue.

    Example:
        >>> parse_name("us_1_KO_ADVT_HH", {"us_1"})
        FileName(event_id='us_1', codes=('KO', 'ADVT'), family='HH')
    """
    parts = stem.split("_")
    for count in range(len(parts) - 1, 0, -1):
        event_id = "_".join(parts[:count])
        if event_id in event_ids:
            return FileName(event_id, tuple(parts[count:-1]), parts[-1])
    return None


def _event_files(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Tell event files, one folder down and with the right suffix, from all other files.

    Raises:
        ArchiveError: A folder cannot be listed; without it the dataset would lack its files unnoticed.
    """
    waveforms: list[str] = []
    strangers: list[str] = []
    for root, _, names in os.walk(folder, onerror=_refuse):
        is_family_folder = Path(root).parent == folder
        for name in names:
            is_event_file = is_family_folder and name.endswith(WAVEFORM_SUFFIX) and name.isprintable()
            kept = waveforms if is_event_file else strangers
            kept.append(f"{root}/{name}")
    return tuple(map(Path, sorted(waveforms))), tuple(map(Path, sorted(strangers)))


def _refuse(error: OSError) -> None:
    raise ArchiveError(f"{error.filename} cannot be listed: {error.strerror}; make it readable.")
