"""The archive's contract on disk: which files it must have, and what the names of its waveform files say.

    archive_dir/
    ├── catalogue.xml                    events, with or without picks; or another catalogue.*
    ├── bulletins/                       GSE2.0, optional where the catalogue has picks
    ├── stations.xml                     StationXML; or another stations.*
    └── waveforms/                       in one of three layouts:
        events       <family>/<event>_[<NET>_]<STA>[_<LOC>]_<family>.mseed, three components each
        sds          YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY, one channel and day each
        continuous   any names, any folders

Each part may lie elsewhere. Only the standard library is used here: the names alone decide what there is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from seismic_lightning.curation.folders import walk
from seismic_lightning.curation.settings import EVENTS_LAYOUT, LAYOUTS, SDS_LAYOUT
from seismic_lightning.errors import ArchiveError, ConfigurationError

CATALOGUE = "catalogue.xml"
BULLETINS = "bulletins"
STATIONS = "stations.xml"
WAVEFORMS = "waveforms"
WAVEFORM_SUFFIX = ".mseed"
SDS_PATTERN = "YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY"
_PATTERNS = {
    EVENTS_LAYOUT: f"event files {WAVEFORMS}/<family>/<event>_<NET>_<STA>[_<LOC>]_<family>{WAVEFORM_SUFFIX}",
    SDS_LAYOUT: f"day files {SDS_PATTERN}",
}


@dataclass(frozen=True)
class Places:
    """Where the parts of an archive lie; a part that is not named lies in the archive's own place.

    Attributes:
        archive_dir: Folder that keeps the contract above, as far as no other place is named.
        catalogue: File of events.
        bulletins: File or folder of GSE2.0 bulletins.
        stations: File or folder of station metadata.
        waveforms: Folder of waveform files, or one such file.
        layout: ``events``, ``sds`` or ``continuous``.
    """

    archive_dir: Path | None = None
    catalogue: Path | None = None
    bulletins: Path | None = None
    stations: Path | None = None
    waveforms: Path | None = None
    layout: str = EVENTS_LAYOUT

    def __post_init__(self) -> None:
        """Refuse an unknown layout, and places that leave a part nowhere."""
        if self.layout not in LAYOUTS:
            raise ConfigurationError(f"layout={self.layout!r}: give one of {', '.join(LAYOUTS)}")
        if self.archive_dir is None and not (
            (self.catalogue or self.bulletins) and self.stations and self.waveforms
        ):
            raise ConfigurationError(
                f"no archive_dir: give archive_dir=<folder with {CATALOGUE}, {STATIONS} and {WAVEFORMS}/>, "
                "or stations=, waveforms= and one of catalogue= or bulletins="
            )

    def part(self, own: Path | None, name: str) -> Path | None:
        """Return the place of one part: the one named, else the one of that name in the archive."""
        return own if own is not None or self.archive_dir is None else self.archive_dir / name

    def __str__(self) -> str:
        """Return the archive's folder, else where its waveforms lie."""
        return str(self.archive_dir or self.waveforms)


class ArchiveParts(NamedTuple):
    """Files of an archive.

    Attributes:
        root: Folder that the names of files in a dataset are relative to.
        layout: ``events``, ``sds`` or ``continuous``.
        catalogue: File of events, None where bulletins serve as the catalogue.
        bulletins: GSE2.0 files, sorted.
        stations: Files of station metadata, sorted.
        waveforms: Waveform files, sorted by their path.
        strangers: Files among the waveforms that are not where, or not called what, the layout asks for.
    """

    root: Path
    layout: str
    catalogue: Path | None
    bulletins: tuple[Path, ...]
    stations: tuple[Path, ...]
    waveforms: tuple[Path, ...]
    strangers: tuple[Path, ...]

    def name_of(self, path: Path) -> str:
        """Return the name of a file: its path below the root, else its last part; always text."""
        name = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


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


def find_parts(archive: Path | Places) -> ArchiveParts:
    """Find the parts of an archive.

    Args:
        archive: Folder that should keep the contract above, or the places of its parts.

    Returns:
        Its events, station metadata and waveform files.

    Raises:
        ArchiveError: The folder or a part of it is missing; the message names it and what would be accepted.
    """
    places = archive if isinstance(archive, Places) else Places(archive)
    folder = places.archive_dir
    if folder is not None and not folder.is_dir():
        message = (
            f"archive_dir={folder} is no folder; give one with {CATALOGUE}, {STATIONS} and {WAVEFORMS}/."
        )
        raise ArchiveError(message)
    bulletins = _bulletins(places)
    catalogue = _catalogue(places, bulletins)
    stations = _stations(places)
    waveforms = places.part(places.waveforms, WAVEFORMS)
    if waveforms is None or not waveforms.exists():
        pattern = _PATTERNS.get(places.layout, "files of continuous miniSEED")
        where = f"{folder} has no folder {WAVEFORMS}" if places.waveforms is None else f"no {waveforms}"
        raise ArchiveError(f"{where}; give {pattern}.")
    root = folder if folder is not None and waveforms.is_relative_to(folder) else waveforms.parent
    files, strangers = _waveform_files(waveforms, places.layout)
    if not files:
        pattern = _PATTERNS.get(places.layout, "files of continuous miniSEED")
        other = "" if places.layout == "continuous" else " Files of any name: layout=continuous."
        raise ArchiveError(f"{waveforms} holds none for layout={places.layout}; give {pattern}.{other}")
    return ArchiveParts(root, places.layout, catalogue, bulletins, stations, files, strangers)


def event_parts(root: Path, catalogue: Path | None, bulletins: Path | None) -> ArchiveParts:
    """Return events alone, for an archive that has nothing else yet.

    Args:
        root: Folder of the archive.
        catalogue: File of events, None where bulletins serve as the catalogue.
        bulletins: File or folder of GSE2.0 bulletins.

    Raises:
        ArchiveError: There are no bulletins at that place.
    """
    files = () if bulletins is None else _files(bulletins, f"bulletins={bulletins}", "GSE2.0 bulletins")
    return ArchiveParts(root, EVENTS_LAYOUT, catalogue, files, (), (), ())


def absolute(archive: Path | Places) -> Places:
    """Return the same places, independent of where a command runs.

    Args:
        archive: A folder that keeps the contract, or the places of its parts.
    """
    places = archive if isinstance(archive, Places) else Places(archive)
    return Places(
        archive_dir=_absolute(places.archive_dir),
        catalogue=_absolute(places.catalogue),
        bulletins=_absolute(places.bulletins),
        stations=_absolute(places.stations),
        waveforms=_absolute(places.waveforms),
        layout=places.layout,
    )


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


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


def _bulletins(places: Places) -> tuple[Path, ...]:
    named = places.bulletins
    path = places.part(named, BULLETINS)
    if path is None or (named is None and not path.exists()):
        return ()
    return _files(path, f"bulletins={path}", "GSE2.0 bulletins")


def _catalogue(places: Places, bulletins: tuple[Path, ...]) -> Path | None:
    """Find the catalogue: the one named, ``catalogue.xml``, or the only other file of that name."""
    if places.catalogue is not None:
        if not places.catalogue.is_file():
            raise ArchiveError(f"catalogue={places.catalogue} is no file; give the file that lists events.")
        return places.catalogue
    folder = places.archive_dir
    if folder is None:
        return None
    found = _one_of(folder, CATALOGUE)
    if found is None and not bulletins:
        raise ArchiveError(f"{folder} has no {CATALOGUE}; give it, catalogue=<file> or bulletins=<file>.")
    return found


def _stations(places: Places) -> tuple[Path, ...]:
    if places.stations is not None:
        return _files(places.stations, f"stations={places.stations}", "station metadata")
    found = None if places.archive_dir is None else _one_of(places.archive_dir, STATIONS)
    if found is None:
        raise ArchiveError(
            f"{places.archive_dir} has no station metadata; give {STATIONS} in StationXML, or "
            "stations=<file>."
        )
    return (found,)


def _one_of(folder: Path, name: str) -> Path | None:
    """Return the file of that name, else the only one that differs in its suffix alone."""
    if (folder / name).is_file():
        return folder / name
    stem = Path(name).stem
    others = sorted(path for path in folder.glob(f"{stem}.*") if path.is_file())
    if len(others) > 1:
        found = ", ".join(path.name for path in others)
        raise ArchiveError(f"{folder} has no {name} but several others ({found}); name one: {stem}=<file>.")
    return others[0] if others else None


def _files(path: Path, what: str, content: str) -> tuple[Path, ...]:
    """Return a file, or all files of a folder and its folders, sorted; hidden files are nobody's data."""
    if path.is_file():
        return (path,)
    entries = sorted(folder / name for folder, name in walk(path))
    found = tuple(
        entry for entry in entries if not any(part.startswith(".") for part in entry.relative_to(path).parts)
    )
    if not found:
        raise ArchiveError(f"{what} is no file and no folder with files; give {content}.")
    return found


def _waveform_files(place: Path, layout: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Tell files that the layout knows from all other files.

    Raises:
        ArchiveError: A folder cannot be listed; without it the dataset would lack its files unnoticed.
    """
    if place.is_file():
        return (place,), ()
    waveforms: list[str] = []
    strangers: list[str] = []
    for folder, name in walk(place):
        kept = waveforms if _belongs(folder, name, place, layout) else strangers
        kept.append(f"{folder}/{name}")
    return tuple(map(Path, sorted(waveforms))), tuple(map(Path, sorted(strangers)))


def _belongs(folder: Path, name: str, place: Path, layout: str) -> bool:
    """Tell whether a layout has a file of that name in that folder."""
    if layout == EVENTS_LAYOUT:
        return folder.parent == place and name.endswith(WAVEFORM_SUFFIX) and name.isprintable()
    if layout == SDS_LAYOUT:
        parts, above = name.split("."), folder.relative_to(place).parts
        return len(parts) == 7 and above == (parts[5], parts[0], parts[1], f"{parts[3]}.{parts[4]}")
    return True
