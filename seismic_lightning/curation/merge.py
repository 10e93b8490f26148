"""One catalogue from a catalogue and bulletins: whose events, and whose picks.

The catalogue decides which events there are, where and how large. A bulletin of the same event adds its
picks, which go before the catalogue's: an analyst read them; and time, place and depth where the catalogue
knows none. Events are the same if their identifiers are and their times and places allow it, else if nothing
but one event of the other source lies within seconds and a quarter of a degree, because products of one
observatory may name and locate an event apart. An explosion in either source is none of the catalogue's
events. Bulletins without a catalogue serve as one.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from seismic_lightning.curation.layout import ArchiveParts
from seismic_lightning.curation.rejection import rejection_row
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.bulletin import read_bulletin
from seismic_lightning.records.bulletin_catalogue import bulletin_catalogue
from seismic_lightning.records.catalogue import (
    EXPLOSION,
    P_PHASES,
    S_PHASES,
    Catalogue,
    Event,
    Pick,
    read_catalogue,
)
from seismic_lightning.records.catalogue_settings import CatalogueSettings

SAME_WITHIN_NS = 5_000_000_000
SAME_WITHIN_DEG = 0.25
"""Products of one observatory differ by 1.6 s and 0.03 degrees for one M 5.1."""
NAMED_WITHIN_NS = 60_000_000_000
NAMED_WITHIN_DEG = 1.0
"""Farther apart, one identifier stands for two events: two lists may both count from 1."""
PICK_FROM_NS, PICK_TO_NS = -5_000_000_000, 3_600_000_000_000
"""Where picks lie after the origin: an origin may be seconds late, and no first P or S takes an hour."""


@dataclass
class _Gathered:
    """What bulletins say together, and what of it is of no use."""

    events: dict[str, Event] = field(default_factory=dict)
    explosions: dict[str, Event] = field(default_factory=dict)
    picks: list[Pick] = field(default_factory=list)
    rejections: list[dict[str, Any]] = field(default_factory=list)


def read_events(parts: ArchiveParts, settings: CatalogueSettings) -> tuple[Catalogue, list[dict[str, Any]]]:
    """Read the catalogue and the bulletins of an archive as one catalogue.

    Args:
        parts: Files of the archive.
        settings: How they are read.

    Returns:
        Events and picks, and rows of the rejection table for lines, events and picks that could not be used.

    Raises:
        ArchiveError: A file cannot be read, or there is no event at all.
    """
    bulletins = _read_bulletins(parts, settings)
    if parts.catalogue is None:
        catalogue = _alone(bulletins)
    else:
        catalogue = _joined(read_catalogue(parts.catalogue, settings), bulletins)
    if not catalogue.events:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(catalogue.left_out.items()))
        source = parts.catalogue or parts.bulletins[0].parent
        raise ArchiveError(f"{source} lists no event to curate; left out: {counts or 'none'}.")
    impossible = [pick for pick in catalogue.picks if not _is_possible(pick, catalogue.events[pick.event_id])]
    if impossible:
        lost = set(impossible)
        catalogue = replace(catalogue, picks=[pick for pick in catalogue.picks if pick not in lost])
    return catalogue, bulletins.rejections + [_impossible_row(pick, catalogue) for pick in impossible]


def merge_picks(bulletin: Iterable[Pick], catalogue: Iterable[Pick]) -> list[Pick]:
    """Put picks of two sources together by event, station and phase.

    ``P`` in one source is whatever first P arrival the other names, such as ``Pg``; likewise ``S``. A pick
    without a network can be of any network that has the station, as long as picks name one alone.

    Args:
        bulletin: Picks that go before others of the same arrival.
        catalogue: Picks that fill in what the bulletin lacks.

    Returns:
        The bulletin's picks, then those of the catalogue that it lacks.

    Example:
        >>> p, pg, s = (Pick("1", "KO", "GEML", "", "HHZ", name, 0, "manual") for name in ("P", "Pg", "S"))
        >>> [pick.phase for pick in merge_picks([pg], [p, s])]
        ['Pg', 'S']
    """
    merged, others = list(bulletin), list(catalogue)
    owners: dict[str, set[str]] = {}
    for pick in (*merged, *others):
        owners.setdefault(pick.station, set()).update({pick.network} - {""})
    known: dict[tuple[str, str, str], set[str]] = {}
    for pick in merged:
        for name in _names(pick.phase):
            known.setdefault((pick.event_id, pick.station, name), set()).add(pick.network)
    for pick in others:
        networks = known.get((pick.event_id, pick.station, pick.phase), set())
        unnamed = networks and "" in {pick.network, *networks} and len(owners[pick.station]) < 2
        if pick.network not in networks and not unnamed:
            merged.append(pick)
    return merged


def _names(phase: str) -> Iterator[str]:
    """Yield every name under which another source may list the arrival."""
    for names in (P_PHASES, S_PHASES):
        if phase in names:
            yield from names if phase in names[:2] else names[:2]
    yield phase


def _is_possible(pick: Pick, event: Event) -> bool:
    """Tell whether a first P or S of an event can arrive when a pick says."""
    if event.origin_ns is None or pick.phase not in (*P_PHASES, *S_PHASES):
        return True
    return PICK_FROM_NS <= pick.time_ns - event.origin_ns <= PICK_TO_NS


def _impossible_row(pick: Pick, catalogue: Catalogue) -> dict[str, Any]:
    after_s = (pick.time_ns - (catalogue.events[pick.event_id].origin_ns or 0)) / 1e9
    detail = f"{pick.mode} {pick.phase} pick {after_s:+.1f} s from the origin"
    station = ".".join([pick.network, pick.station, pick.location or ""])
    return rejection_row("impossible_pick", detail, None, pick.event_id, station)


def _read_bulletins(parts: ArchiveParts, settings: CatalogueSettings) -> _Gathered:
    gathered = _Gathered()
    for path in parts.bulletins:
        bulletin, name = read_bulletin(path), parts.name_of(path)
        gathered.rejections += [
            rejection_row("bulletin_line", f"line {problem.line}: {problem.reason}: {problem.text}", name)
            for problem in bulletin.problems
        ]
        found = bulletin_catalogue(bulletin, settings)
        earlier = gathered.events.keys() | gathered.explosions.keys()
        for event_id in (*found.events, *found.explosions):
            if event_id in earlier:
                detail = "an earlier bulletin lists the event"
                gathered.rejections.append(rejection_row("repeated_event", detail, name, event_id))
        gathered.events |= {key: event for key, event in found.events.items() if key not in earlier}
        gathered.explosions |= {key: event for key, event in found.explosions.items() if key not in earlier}
        gathered.picks += [pick for pick in found.picks if pick.event_id not in earlier]
    return gathered


def _alone(bulletins: _Gathered) -> Catalogue:
    """Return bulletins as a catalogue."""
    left_out = {EXPLOSION: len(bulletins.explosions)} if bulletins.explosions else {}
    return Catalogue(bulletins.events, bulletins.picks, left_out, bulletins.explosions)


def _joined(catalogue: Catalogue, bulletins: _Gathered) -> Catalogue:
    """Give the bulletins' picks to the catalogue's events, and leave out what either calls an explosion."""
    reported = bulletins.events | bulletins.explosions
    names, unmatched = _same_events(reported, catalogue.events | catalogue.explosions)
    alone = bulletins.explosions.keys() & {
        row["event"] for row in unmatched if row["reason"] == "not_in_catalogue"
    }
    bulletins.rejections += [row for row in unmatched if row["event"] not in alone]
    marked = {names[event_id] for event_id in bulletins.explosions if event_id in names}
    explosions = catalogue.explosions | {
        event_id: event for event_id, event in catalogue.events.items() if event_id in marked
    }
    left_out = Counter(catalogue.left_out)
    left_out[EXPLOSION] += len(explosions) - len(catalogue.explosions) + len(alone)
    reports = {name: reported[event_id] for event_id, name in names.items()}
    events = {
        event_id: _filled(event, reports[event_id]) if event_id in reports else event
        for event_id, event in catalogue.events.items()
        if event_id not in marked
    }
    picks = [replace(pick, event_id=names.get(pick.event_id, "")) for pick in bulletins.picks]
    merged = merge_picks((pick for pick in picks if pick.event_id in events), catalogue.picks)
    kept = [pick for pick in merged if pick.event_id in events]
    return Catalogue(events, kept, dict(+left_out), explosions)


def _same_events(
    reported: dict[str, Event], listed: dict[str, Event]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Find which event of the catalogue each of a bulletin is.

    Returns:
        The catalogue's identifiers by those of the bulletin, and rows of the rejection table for the others.
    """
    apart = {key: _apart(event, listed[key]) for key, event in reported.items() if key in listed}
    names = {event_id: event_id for event_id, distance in apart.items() if distance is None}
    free = _Located(event for event_id, event in listed.items() if event_id not in names)
    pairs = {event_id: free.near(event) for event_id, event in reported.items() if event_id not in names}
    wanted = Counter(found[0] for found in pairs.values() if len(found) == 1)
    rows = []
    for event_id, found in pairs.items():
        if len(found) == 1 and wanted[found[0]] == 1:
            names[event_id] = found[0]
        elif found:
            detail = f"could be {', '.join(found)} of the catalogue"
            rows.append(rejection_row("ambiguous_event", detail, None, event_id))
        else:
            detail = "no event of the catalogue"
            if event_id in apart:
                detail += f": the one of that identifier lies {apart[event_id]} apart"
            rows.append(rejection_row("not_in_catalogue", detail, None, event_id))
    return names, rows


def _apart(event: Event, other: Event) -> str | None:
    """Say how far apart two events lie, None where they can be one as far as is known."""
    if event.origin_ns is not None and other.origin_ns is not None:
        apart_ns = abs(event.origin_ns - other.origin_ns)
        if apart_ns > NAMED_WITHIN_NS:
            return f"{apart_ns / 1e9:.0f} s"
    if None in (event.latitude_deg, event.longitude_deg, other.latitude_deg, other.longitude_deg):
        return None
    apart_deg = _distance_deg(event, other.latitude_deg or 0.0, other.longitude_deg or 0.0)
    return f"{apart_deg:.1f} degrees" if apart_deg > NAMED_WITHIN_DEG else None


def _filled(event: Event, report: Event) -> Event:
    """Return an event of the catalogue with the bulletin's time, place and depth where it has none."""
    if event.origin_ns is None:
        event = replace(event, origin_ns=report.origin_ns)
    if event.latitude_deg is None or event.longitude_deg is None:
        event = replace(event, latitude_deg=report.latitude_deg, longitude_deg=report.longitude_deg)
    return replace(event, depth_km=report.depth_km) if event.depth_km is None else event


def _distance_deg(event: Event, latitude_deg: float, longitude_deg: float) -> float:
    """Return the distance of two near places; far ones come out too far, which is enough here."""
    north, east = event.latitude_deg or 0.0, event.longitude_deg or 0.0
    return math.hypot(
        latitude_deg - north,
        math.cos(math.radians(north)) * ((longitude_deg - east + 180.0) % 360.0 - 180.0),
    )


class _Located:
    """Events with a time and a place, found by both."""

    def __init__(self, events: Iterable[Event]) -> None:
        located = [(*place, event.event_id) for event in events if (place := _place(event)) is not None]
        self._events = sorted(located)

    def near(self, event: Event) -> list[str]:
        """Return the identifiers of events that can be the same as another one."""
        place = _place(event)
        if place is None:
            return []
        first = bisect_right(self._events, place[0] - SAME_WITHIN_NS, key=lambda entry: entry[0])
        last = bisect_left(self._events, place[0] + SAME_WITHIN_NS, key=lambda entry: entry[0])
        return [
            event_id
            for _, latitude_deg, longitude_deg, event_id in self._events[first:last]
            if _distance_deg(event, latitude_deg, longitude_deg) < SAME_WITHIN_DEG
        ]


def _place(event: Event) -> tuple[int, float, float] | None:
    """Return time, latitude and longitude of an event, None unless all are known."""
    if event.origin_ns is None or event.latitude_deg is None or event.longitude_deg is None:
        return None
    return event.origin_ns, event.latitude_deg, event.longitude_deg
