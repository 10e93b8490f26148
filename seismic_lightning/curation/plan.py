"""What there is to do: candidates with their events and picks, and what is no candidate."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seismic_lightning.curation.continuous import cut_by_picks
from seismic_lightning.curation.layout import SDS_PATTERN, ArchiveParts, FileName, parse_name
from seismic_lightning.curation.measure import Candidate
from seismic_lightning.curation.networks import refuse_ambiguous
from seismic_lightning.curation.reasons import REASONS
from seismic_lightning.curation.rejection import candidate_row, rejection_row
from seismic_lightning.curation.settings import (
    ALL_FAMILIES,
    EVENTS_LAYOUT,
    CurationSettings,
    SelectionSettings,
)
from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.records.catalogue import P_PHASES, Catalogue, Pick


class NoCandidateError(DatasetError):
    """Nothing can become a record.

    Attributes:
        rejections: Rows of the rejection table that say why.
    """

    def __init__(self, message: str, rejections: list[dict[str, Any]]) -> None:
        """Keep the rows beside the message."""
        super().__init__(message)
        self.rejections = rejections


@dataclass(frozen=True)
class Plan:
    """Work and what needs none.

    Attributes:
        candidates: Records to measure, in the order of their files, or of events and sensors.
        total: Number of candidates including those whose family is not selected.
        rejections: Rows of the rejection table that are known without opening a file.
        absent_families: Families asked for that no file has.
    """

    candidates: list[Candidate]
    total: int
    rejections: list[dict[str, Any]]
    absent_families: list[str]

    @property
    def files(self) -> frozenset[str]:
        """Return the names of the waveform files that decide what becomes of the candidates."""
        read = {
            file
            for one in self.candidates
            for file in ([one.file] if one.span is None else (name for name, _ in one.span.parts))
        }
        return frozenset(read | {row["path"] for row in self.rejections if row["reason"] == "bad_file"})


def make_plan(
    parts: ArchiveParts,
    catalogue: Catalogue,
    settings: CurationSettings,
    problems: Sequence[dict[str, Any]] = (),
) -> Plan:
    """Match files, events and picks.

    Args:
        parts: Files of the archive.
        catalogue: Its events and picks.
        settings: Families to keep, and the window to cut out of continuous files.
        problems: Rows of the rejection table that the reading of events left; they go first.

    Returns:
        The plan.

    Raises:
        DatasetError: No file belongs to an event, or no pick falls into a file.
        ConfigurationError: No file has one of the selected families.
    """
    if parts.layout == EVENTS_LAYOUT:
        candidates, rejections = _event_files(parts, catalogue)
    else:
        candidates, rejections = cut_by_picks(parts, catalogue, settings.window)
    rejections = [*problems, *_strangers(parts), *rejections]
    if not candidates:
        raise NoCandidateError(_no_candidate(parts, rejections), rejections)
    select = settings.select
    _check_families(candidates, select)
    left_out = [c for c in candidates if not select.keeps_family(c.name.family)]
    rejections += [candidate_row(c, "family_not_selected", f"family {c.name.family}") for c in left_out]
    present = {candidate.name.family for candidate in candidates}
    return Plan(
        candidates=[c for c in candidates if select.keeps_family(c.name.family)],
        total=len(candidates),
        rejections=rejections,
        absent_families=[f for f in select.families if f not in present and f != ALL_FAMILIES],
    )


def _strangers(parts: ArchiveParts) -> Iterator[dict[str, Any]]:
    """List the files that the layout does not know."""
    for path in parts.strangers:
        name = parts.name_of(path)
        if parts.layout == EVENTS_LAYOUT:
            yield rejection_row("not_an_event_file", "not waveforms/<family>/<name>.mseed", name)
        else:
            yield rejection_row("not_a_day_file", f"not {SDS_PATTERN}", name)


def _event_files(parts: ArchiveParts, catalogue: Catalogue) -> tuple[list[Candidate], list[dict[str, Any]]]:
    """Make a candidate of each event file whose name begins with an event of the catalogue."""
    candidates: list[Candidate] = []
    rejections: list[dict[str, Any]] = []
    names = [parse_name(path.stem, catalogue.events) for path in parts.waveforms]
    usable, ambiguous = refuse_ambiguous(catalogue.picks, _networks(names))
    picks = _by_station(usable)
    for path, name in zip(parts.waveforms, names, strict=True):
        file = parts.name_of(path)
        if name is None:
            rejections.append(rejection_row("no_event", "no event of the catalogue begins the name", file))
            continue
        own = tuple(
            pick for code in dict.fromkeys(name.codes) for pick in picks.get((name.event_id, code), ())
        )
        candidates.append(Candidate(file, name, catalogue.events[name.event_id], own))
    return candidates, [*rejections, *ambiguous, *_picks_without_file(usable, candidates)]


def _networks(names: Iterable[FileName | None]) -> dict[str, set[str]]:
    """Return the networks that names of files give a station code; of two codes the first may be one."""
    networks: dict[str, set[str]] = {}
    for name in names:
        if name is not None and len(name.codes) > 1:
            networks.setdefault(name.codes[1], set()).add(name.codes[0])
    return networks


def _by_station(picks: list[Pick]) -> dict[tuple[str, str], list[Pick]]:
    groups: dict[tuple[str, str], list[Pick]] = {}
    for pick in picks:
        groups.setdefault((pick.event_id, pick.station), []).append(pick)
    return groups


def _picks_without_file(picks: list[Pick], candidates: list[Candidate]) -> Iterator[dict[str, Any]]:
    """List each P pick of an event and station that no file's name mentions."""
    with_file = {(candidate.name.event_id, code) for candidate in candidates for code in candidate.name.codes}
    for pick in picks:
        if pick.phase in P_PHASES and (pick.event_id, pick.station) not in with_file:
            station = ".".join([pick.network, pick.station, pick.location or ""])
            yield rejection_row("no_file", f"{pick.mode} {pick.phase} pick", None, pick.event_id, station)


def _no_candidate(parts: ArchiveParts, rejections: list[dict[str, Any]]) -> str:
    """Say why there is nothing to curate."""
    if parts.layout == EVENTS_LAYOUT:
        return (
            f"none of {len(parts.waveforms)} event files, such as {parts.waveforms[0].name}, begins with an "
            f"event of {parts.catalogue or parts.bulletins[0]}; name them "
            "<event>_<NET>_<STA>[_<LOC>]_<family>.mseed."
        )
    counts = Counter(row["reason"] for row in rejections)
    reasons = ", ".join(f"{count} x {reason} ({REASONS[reason]})" for reason, count in counts.most_common())
    return (
        f"no analyst's P pick falls into any of {len(parts.waveforms)} files, such as "
        f"{parts.waveforms[0].name}: {reasons or 'the catalogue has no picks; add bulletins=<file>'}."
    )


def _check_families(candidates: list[Candidate], settings: SelectionSettings) -> None:
    present = sorted({candidate.name.family for candidate in candidates})
    if not any(settings.keeps_family(family) for family in present):
        message = (
            f"select.families=[{', '.join(settings.families)}] matches no file; the archive has "
            f"{', '.join(present)}. Give some of these, or select.families=[all]."
        )
        raise ConfigurationError(message)
