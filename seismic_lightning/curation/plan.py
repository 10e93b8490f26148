"""What there is to do: candidates with their events and picks, and what is no candidate."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seismic_lightning.curation.layout import ArchiveParts, parse_name
from seismic_lightning.curation.measure import Candidate
from seismic_lightning.curation.settings import ALL_FAMILIES, SelectionSettings
from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.records.catalogue import P_PHASES, Catalogue, Pick


@dataclass(frozen=True)
class Plan:
    """Work and what needs none.

    Attributes:
        candidates: Files to measure, in the order of their paths.
        total: Number of candidates including those whose family is not selected.
        rejections: Rows of the rejection table that are known without opening a file.
        absent_families: Families asked for that no file has.
    """

    candidates: list[Candidate]
    total: int
    rejections: list[dict[str, Any]]
    absent_families: list[str]


def rejection_row(
    reason: str, detail: str, path: str | None = None, event: str | None = None, station: str | None = None
) -> dict[str, Any]:
    """Make one row of the rejection table; the family is added by the caller who knows it."""
    return {
        "path": path,
        "event": event,
        "station": station,
        "family": None,
        "reason": reason,
        "detail": detail,
    }


def candidate_row(candidate: Candidate, reason: str, detail: str) -> dict[str, Any]:
    """Make the row of the rejection table for a candidate."""
    station = ".".join(candidate.name.codes)
    row = rejection_row(reason, detail, candidate.file, candidate.event.event_id, station)
    return {**row, "family": candidate.name.family}


def make_plan(
    archive_dir: Path, parts: ArchiveParts, catalogue: Catalogue, settings: SelectionSettings
) -> Plan:
    """Match files, events and picks.

    Args:
        archive_dir: Archive, for paths relative to it.
        parts: Its files.
        catalogue: Its events and picks.
        settings: Families to keep.

    Returns:
        The plan.

    Raises:
        DatasetError: No file belongs to an event.
        ConfigurationError: No file has one of the selected families.
    """
    candidates: list[Candidate] = []
    strangers = [_printable(str(path.relative_to(archive_dir))) for path in parts.strangers]
    rejections = [
        rejection_row("not_an_event_file", "not waveforms/<family>/<name>.mseed", name) for name in strangers
    ]
    picks = _by_station(catalogue.picks)
    for path in parts.waveforms:
        file = path.relative_to(archive_dir).as_posix()
        name = parse_name(path.stem, catalogue.events)
        if name is None:
            rejections.append(rejection_row("no_event", "no event of the catalogue begins the name", file))
            continue
        own = tuple(
            pick for code in dict.fromkeys(name.codes) for pick in picks.get((name.event_id, code), ())
        )
        candidates.append(Candidate(file, name, catalogue.events[name.event_id], own))
    rejections += _picks_without_file(catalogue, candidates)
    _check_families(parts, candidates, settings)
    left_out = [c for c in candidates if not settings.keeps_family(c.name.family)]
    rejections += [candidate_row(c, "family_not_selected", f"family {c.name.family}") for c in left_out]
    present = {candidate.name.family for candidate in candidates}
    return Plan(
        candidates=[c for c in candidates if settings.keeps_family(c.name.family)],
        total=len(candidates),
        rejections=rejections,
        absent_families=[f for f in settings.families if f not in present and f != ALL_FAMILIES],
    )


def _printable(name: str) -> str:
    """Spell bytes of a file's name that are no text, as tables hold nothing but text."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _by_station(picks: list[Pick]) -> dict[tuple[str, str], list[Pick]]:
    groups: dict[tuple[str, str], list[Pick]] = {}
    for pick in picks:
        groups.setdefault((pick.event_id, pick.station), []).append(pick)
    return groups


def _picks_without_file(catalogue: Catalogue, candidates: list[Candidate]) -> Iterator[dict[str, Any]]:
    """List each P pick of an event and station that no file's name mentions."""
    with_file = {(candidate.name.event_id, code) for candidate in candidates for code in candidate.name.codes}
    for pick in catalogue.picks:
        if pick.phase in P_PHASES and (pick.event_id, pick.station) not in with_file:
            station = ".".join([pick.network, pick.station, pick.location or ""])
            yield rejection_row("no_file", f"{pick.mode} {pick.phase} pick", None, pick.event_id, station)


def _check_families(parts: ArchiveParts, candidates: list[Candidate], settings: SelectionSettings) -> None:
    if not candidates:
        message = (
            f"none of {len(parts.waveforms)} event files, such as {parts.waveforms[0].name}, begins with an "
            f"event of {parts.catalogue}; name them <event>_<NET>_<STA>[_<LOC>]_<family>.mseed."
        )
        raise DatasetError(message)
    present = sorted({candidate.name.family for candidate in candidates})
    if not any(settings.keeps_family(family) for family in present):
        message = (
            f"select.families=[{', '.join(settings.families)}] matches no file; the archive has "
            f"{', '.join(present)}. Give some of these, or select.families=[all]."
        )
        raise ConfigurationError(message)
