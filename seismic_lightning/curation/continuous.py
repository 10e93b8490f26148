"""Candidates cut out of continuous files by picks: one per event, sensor and analyst's P.

Every file is scanned once by its headers; of a tree of day files only the days that a pick needs. What is
kept of a scan are the extents around picks, so that memory follows the number of picks and not the length of
the archive. Every pick that no candidate uses gets its reason.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from seismic_lightning.codes import NANOSECONDS_PER_S, SeedId, plain_code
from seismic_lightning.curation.layout import ArchiveParts, FileName
from seismic_lightning.curation.measure import Candidate, Span
from seismic_lightning.curation.networks import refuse_ambiguous
from seismic_lightning.curation.rejection import rejection_row
from seismic_lightning.curation.select import Refusal
from seismic_lightning.curation.settings import SDS_LAYOUT, WindowSettings
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.catalogue import P_PHASES, Catalogue, Event, Pick, first_pick
from seismic_lightning.records.gse2 import Gse2Decoder
from seismic_lightning.records.spans import Extent, scan

MARGIN_NS = NANOSECONDS_PER_S
"""Read beyond a window: its first sample is the one nearest to the wanted start."""
DAY_BEGINS_NS = 60 * NANOSECONDS_PER_S
"""How far the first record of a day file may begin in the day before."""
DAY_ENDS_NS = 3600 * NANOSECONDS_PER_S
"""How far its last record may reach into the next day: 4096 bytes hold six quiet minutes at 20 Hz."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Place(NamedTuple):
    """Samples of one sensor in one file, kept because a pick may need them."""

    file: str
    extent: Extent


class _Stretch(NamedTuple):
    """A stretch of time, nanoseconds since 1970 (UTC)."""

    start_ns: int
    end_ns: int


def cut_by_picks(
    parts: ArchiveParts, catalogue: Catalogue, window: WindowSettings
) -> tuple[list[Candidate], list[dict[str, Any]]]:
    """Find the records that picks cut out of continuous files.

    Args:
        parts: Files of the archive, in the layout ``continuous`` or ``sds``.
        catalogue: Its events and picks.
        window: The part around P that is wanted.

    Returns:
        Candidates, sorted by family, event and sensor, and rows of the rejection table for all other picks,
        and for files that cannot be read, not as a whole, or that no pick falls into.
    """
    index = _Index(_wanted(catalogue.picks, window))
    rejections = list(_scan_files(parts, index))
    usable, ambiguous = refuse_ambiguous(catalogue.picks, index.networks())
    rejections += ambiguous
    groups: dict[tuple[str, str], list[Pick]] = {}
    for pick in usable:
        groups.setdefault((pick.event_id, pick.station), []).append(pick)
    candidates: list[Candidate] = []
    for (event_id, station), picks in sorted(groups.items()):
        found = _cut(catalogue.events[event_id], picks, index, window)
        if isinstance(found, Refusal):
            for pick in picks:
                detail = f"{pick.mode} {pick.phase} pick; {found.detail}"
                rejections.append(rejection_row(found.reason, detail, None, event_id, station))
        else:
            candidates += found
    candidates.sort(key=lambda candidate: candidate.name.family)  # by event and sensor already
    used = {file for candidate in candidates if candidate.span for file, _ in candidate.span.parts}
    names = [parts.name_of(path) for path in parts.waveforms]
    refused = {row["path"] for row in rejections if row["reason"] == "bad_file"}
    rejections += [
        rejection_row("no_pick", "no analyst's P pick cuts a record out of it", name)
        for name in names
        if name not in used and name not in refused
    ]
    return candidates, rejections


class _Index:
    """What the scanned files hold of each station, around the picks of that station."""

    def __init__(self, wanted: dict[str, list[_Stretch]]) -> None:
        self._wanted = wanted
        self._sensors: dict[str, set[SeedId]] = {}
        self._places: dict[SeedId, list[_Place]] = {}

    def wants(self, station: str, stretch: _Stretch) -> bool:
        """Tell whether a pick of a station needs anything of a stretch of time."""
        wanted = self._wanted.get(station, [])
        if not wanted:
            return False
        length_ns = wanted[0].end_ns - wanted[0].start_ns  # all are as long
        first = bisect_left(wanted, stretch.start_ns - length_ns, key=lambda entry: entry.start_ns)
        return first < len(wanted) and wanted[first].start_ns <= stretch.end_ns

    def know(self, sensor: SeedId) -> None:
        """Note that there are files of a sensor."""
        self._sensors.setdefault(sensor.station, set()).add(sensor)

    def add(self, file: str, extents: Iterable[Extent]) -> None:
        """Keep those extents of a file that a pick may need."""
        for extent in extents:
            sensor = _sensor(extent.seed_id)
            self.know(sensor)
            if self.wants(sensor.station, _Stretch(extent.start_ns, extent.end_ns)):
                self._places.setdefault(sensor, []).append(_Place(file, extent))

    def networks(self) -> dict[str, set[str]]:
        """Return the networks that have files of a station code."""
        return {code: {sensor.network for sensor in sensors} for code, sensors in self._sensors.items()}

    def sensors(self, station: str) -> list[SeedId]:
        """Return the sensors of a station code; their channel is the family alone."""
        return sorted(self._sensors.get(station, ()))

    def span(self, sensor: SeedId, stretch: _Stretch) -> Span | None:
        """Return where the samples of a sensor lie in a stretch of time, None if there are none."""
        ranges: dict[str, list[tuple[int, int]]] = {}
        for file, extent in self._places.get(sensor, ()):
            if extent.start_ns <= stretch.end_ns and extent.end_ns >= stretch.start_ns:
                ranges.setdefault(file, []).append((extent.offset, extent.size))
        if not ranges:
            return None
        return Span(
            sensor, *stretch, tuple((file, tuple(sorted(set(ranges[file])))) for file in sorted(ranges))
        )


def _sensor(seed_id: SeedId) -> SeedId:
    return seed_id._replace(channel=seed_id.family)


def _around(pick: Pick, window: WindowSettings) -> _Stretch:
    start_ns = pick.time_ns - round(window.before_p_s * NANOSECONDS_PER_S)
    return _Stretch(start_ns - MARGIN_NS, start_ns + round(window.length_s * NANOSECONDS_PER_S) + MARGIN_NS)


def _is_analysts_p(pick: Pick) -> bool:
    return pick.mode == "manual" and pick.phase in P_PHASES


def _wanted(picks: Iterable[Pick], window: WindowSettings) -> dict[str, list[_Stretch]]:
    """Return the stretches that picks need, sorted, by station code."""
    wanted: dict[str, list[_Stretch]] = {}
    for pick in picks:
        if _is_analysts_p(pick):
            wanted.setdefault(pick.station, []).append(_around(pick, window))
    return {station: sorted(stretches) for station, stretches in wanted.items()}


def _scan_files(parts: ArchiveParts, index: _Index) -> Iterator[dict[str, Any]]:
    """Fill the index, and yield rows for files that cannot be read, or only in part."""
    with Gse2Decoder() as decoder:
        yield from _scan_each(parts, index, decoder)


def _scan_each(parts: ArchiveParts, index: _Index, decoder: Gse2Decoder) -> Iterator[dict[str, Any]]:
    for path in parts.waveforms:
        try:
            if parts.layout == SDS_LAYOUT:
                expected, day = _sds_name(path)
                index.know(_sensor(expected))
                if not index.wants(expected.station, day):
                    continue
                extents, bad_blocks = scan(path, decoder)
                _refuse_others(expected, extents, path)
            else:
                extents, bad_blocks = scan(path, decoder)
        except WaveformError as error:
            yield rejection_row("bad_file", f"{error.reason}: {error}", parts.name_of(path))
            continue
        index.add(parts.name_of(path), extents)
        for offset, size in bad_blocks:
            detail = f"bytes {offset} to {offset + size - 1} are no record; the others are used"
            yield rejection_row("bad_block", detail, parts.name_of(path))


def _sds_name(path: Path) -> tuple[SeedId, _Stretch]:
    """Return the channel and, a little wider, the day that the name of a day file says.

    Raises:
        WaveformError: Year or day of the name are no numbers.
    """
    network, station, location, channel, _, year, number = path.name.split(".")
    try:
        day = datetime(int(year), 1, 1, tzinfo=UTC) + timedelta(days=int(number) - 1)
    except (ValueError, OverflowError) as error:
        raise WaveformError("name_mismatch", f"{path.name}: {year}.{number} is no day") from error
    start_ns = int((day - _EPOCH).total_seconds()) * NANOSECONDS_PER_S
    stop_ns = start_ns + 86_400 * NANOSECONDS_PER_S
    seed_id = SeedId(plain_code(network), station, plain_code(location), channel)
    return seed_id, _Stretch(start_ns - DAY_BEGINS_NS, stop_ns + DAY_ENDS_NS)


def _refuse_others(expected: SeedId, extents: list[Extent], path: Path) -> None:
    """Refuse a day file that holds another channel than that of its name."""
    others = sorted({str(extent.seed_id) for extent in extents if extent.seed_id != expected})
    if others:
        raise WaveformError("name_mismatch", f"{path.name}: the headers say {', '.join(others)}")


def _cut(event: Event, picks: list[Pick], index: _Index, window: WindowSettings) -> list[Candidate] | Refusal:
    """Return the candidates of one event and station, or why there are none."""
    onsets = [pick for pick in picks if _is_analysts_p(pick)]
    if not onsets:
        return Refusal("no_p_pick", "no analyst's P pick of this event and station")
    networks = {pick.network for pick in onsets} - {""}
    sensors = [
        sensor
        for sensor in index.sensors(picks[0].station)
        if not networks or not sensor.network or sensor.network in networks
    ]
    if not sensors:
        return Refusal("no_file", "no file of the station")
    candidates = []
    for sensor in sensors:
        onset = first_pick(onsets, P_PHASES, sensor.network, sensor.location)
        span = None if onset is None else index.span(sensor, _around(onset, window))
        if span is not None:
            codes = tuple(code for code in sensor[:3] if code)
            name = FileName(event.event_id, codes, sensor.family)
            file = "; ".join(file for file, _ in span.parts)
            candidates.append(Candidate(file, name, event, tuple(picks), span))
    return candidates or Refusal("outside_data", "the files of the station have no samples around P")
