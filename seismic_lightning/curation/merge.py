"""One catalogue from a catalogue and bulletins: whose events, and whose picks.

The catalogue decides which events there are, where and how large. A bulletin of the same event adds its
picks, which go before the catalogue's: an analyst read them. Events are the same if their identifiers are,
else if nothing but one event of the other source lies within seconds and a quarter of a degree, because
products of one observatory may name and locate an event apart. Bulletins without a catalogue serve as one.
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
from seismic_lightning.records.bulletin import Bulletin, read_bulletin
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
EXPLOSION_TYPES = ("km", "sm", "kx", "sx", "kn", "sn", "kh", "sh")
"""GSE2.0's types of known and suspected mine, experimental, nuclear and chemical explosions."""


@dataclass
class _Gathered:
    """What bulletins say together, and what of it is of no use."""

    events: dict[str, Event] = field(default_factory=dict)
    picks: list[Pick] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    rejections: list[dict[str, Any]] = field(default_factory=list)


def read_events(parts: ArchiveParts, settings: CatalogueSettings) -> tuple[Catalogue, list[dict[str, Any]]]:
    """Read the catalogue and the bulletins of an archive as one catalogue.

    Args:
        parts: Files of the archive.
        settings: How they are read.

    Returns:
        Events and picks, and rows of the rejection table for lines and events that could not be used.

    Raises:
        ArchiveError: A file cannot be read, or there is no event at all.
    """
    bulletins = _read_bulletins(parts, settings)
    if parts.catalogue is None:
        catalogue = Catalogue(bulletins.events, bulletins.picks, bulletins.left_out)
    else:
        catalogue = _joined(read_catalogue(parts.catalogue, settings), bulletins)
    if not catalogue.events:
        raise ArchiveError(f"{parts.catalogue or parts.bulletins[0].parent} lists no event to curate.")
    return catalogue, bulletins.rejections


def merge_picks(bulletin: Iterable[Pick], catalogue: Iterable[Pick]) -> list[Pick]:
    """Put picks of two sources together by event, station and phase.

    ``P`` in one source is whatever first P arrival the other names, such as ``Pg``; likewise ``S``.

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
    merged = list(bulletin)
    known = {(pick.event_id, pick.station, name) for pick in merged for name in _names(pick.phase)}
    return merged + [pick for pick in catalogue if (pick.event_id, pick.station, pick.phase) not in known]


def _names(phase: str) -> Iterator[str]:
    """Yield every name under which another source may list the arrival."""
    for names in (P_PHASES, S_PHASES):
        if phase in names:
            yield from names if phase in names[:2] else names[:2]
    yield phase


def _read_bulletins(parts: ArchiveParts, settings: CatalogueSettings) -> _Gathered:
    order = settings.magnitude_order
    gathered = _Gathered()
    for path in parts.bulletins:
        bulletin, name = read_bulletin(path), parts.name_of(path)
        gathered.rejections += [
            rejection_row("bulletin_line", f"line {problem.line}: {problem.reason}: {problem.text}", name)
            for problem in bulletin.problems
        ]
        explosions = set() if settings.keep_explosions else set(_explosions(bulletin))
        if explosions:
            gathered.left_out[EXPLOSION] = gathered.left_out.get(EXPLOSION, 0) + len(explosions)
        found = bulletin.catalogue([order] if isinstance(order, str) else order)
        for event_id, event in found.events.items():
            if event_id in gathered.events:
                detail = "an earlier bulletin lists the event"
                gathered.rejections.append(rejection_row("repeated_event", detail, name, event_id))
                explosions.add(event_id)
            elif event_id not in explosions:
                gathered.events[event_id] = event
        gathered.picks += [pick for pick in found.picks if pick.event_id not in explosions]
    return gathered


def _explosions(bulletin: Bulletin) -> Iterator[str]:
    for event in bulletin.events:
        kind = event.origins[0].event_type if event.origins else None
        if (kind or "").lower() in EXPLOSION_TYPES:
            yield event.event_id


def _joined(catalogue: Catalogue, bulletins: _Gathered) -> Catalogue:
    """Give the bulletins' picks to the catalogue's events."""
    names = {event_id: event_id for event_id in bulletins.events if event_id in catalogue.events}
    free = _Located(event for event_id, event in catalogue.events.items() if event_id not in names)
    pairs = {
        event_id: free.near(event) for event_id, event in bulletins.events.items() if event_id not in names
    }
    wanted = Counter(found[0] for found in pairs.values() if len(found) == 1)
    for event_id, found in pairs.items():
        if len(found) == 1 and wanted[found[0]] == 1:
            names[event_id] = found[0]
            continue
        if found:
            detail = f"could be {', '.join(found)} of the catalogue"
            row = rejection_row("ambiguous_event", detail, None, event_id)
        else:
            row = rejection_row("not_in_catalogue", "no event of the catalogue", None, event_id)
        bulletins.rejections.append(row)
    picks = [
        replace(pick, event_id=names[pick.event_id]) for pick in bulletins.picks if pick.event_id in names
    ]
    left_out = Counter(catalogue.left_out) + Counter(bulletins.left_out)
    return Catalogue(catalogue.events, merge_picks(picks, catalogue.picks), dict(left_out))


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
        time_ns, latitude_deg, longitude_deg = place
        first = bisect_right(self._events, time_ns - SAME_WITHIN_NS, key=lambda entry: entry[0])
        last = bisect_left(self._events, time_ns + SAME_WITHIN_NS, key=lambda entry: entry[0])
        shrinking = math.cos(math.radians(latitude_deg))
        return [
            event_id
            for _, latitude, longitude, event_id in self._events[first:last]
            if math.hypot(
                latitude - latitude_deg, shrinking * ((longitude - longitude_deg + 180.0) % 360.0 - 180.0)
            )
            < SAME_WITHIN_DEG
        ]


def _place(event: Event) -> tuple[int, float, float] | None:
    """Return time, latitude and longitude of an event, None unless all are known."""
    if event.origin_ns is None or event.latitude_deg is None or event.longitude_deg is None:
        return None
    return event.origin_ns, event.latitude_deg, event.longitude_deg
