"""Writing of QuakeML 1.2: the counterpart of the reader in ``catalogue``.

The document is put together as text. Building ObsPy's objects first takes two orders of magnitude longer,
and would name every part at random, so that writing twice would give two different files.

References:
    Schorlemmer, D., Euchner, F., Kaestli, P., Saul, J. (2011), QuakeML: status of the XML-based seismological
    data exchange format, Annals of Geophysics 54(1), doi:10.4401/ag-4874.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from seismic_lightning.records.catalogue import UNSTATED, Catalogue, Event, Pick

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" xmlns="http://quakeml.org/xmlns/bed/1.2">\n'
)
_TAIL = "</eventParameters>\n</q:quakeml>\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Provenance(NamedTuple):
    """Where events come from.

    Attributes:
        authority: Beginning of all resource identifiers.
        mode: ``manual`` or ``automatic``: how origins were found.
        comment: Stands at the catalogue and at every event; None for none.
        description: What to call every event; None for nothing.
        agency: Who made events, origins and magnitudes; None leaves it unsaid. When is never said, so that
            writing twice gives the same file.
        author: Person or program of the agency; None leaves it unsaid.
    """

    authority: str = "smi:local"
    mode: str = "manual"
    comment: str | None = None
    description: str | None = None
    agency: str | None = None
    author: str | None = None


LOCAL = Provenance()
"""An analyst's catalogue."""


def quakeml_bytes(catalogue: Catalogue, provenance: Provenance = LOCAL) -> bytes:
    """Return a catalogue as the content of a QuakeML file.

    Times are written to the microsecond. Every event has one origin and one magnitude, both preferred; what
    is None is left out. Each pick is associated with the origin by an arrival of its phase.

    Args:
        catalogue: Events under their identifiers, and picks of these events in any order.
        provenance: Where they come from.

    Returns:
        UTF-8 text; the same for the same catalogue. The picks of an event keep their order.

    Raises:
        ValueError: An event has another identifier than the one it is listed under, or a pick belongs to an
            event that the catalogue does not have.

    Example:
        >>> event = Event("20240101000000", 1704067200000000000, 40.5, 29.0, 8.0, 2.1, "ML")
        >>> text = quakeml_bytes(Catalogue({"20240101000000": event}, []))
        >>> b"<latitude><value>40.5</value></latitude>" in text
        True
    """
    picks: dict[str, list[Pick]] = {event_id: [] for event_id in catalogue.events}
    for event_id, event in catalogue.events.items():
        if event.event_id != event_id:
            raise ValueError(f"event {event.event_id} is listed under {event_id}: give it one identifier")
    for pick in catalogue.picks:
        if pick.event_id not in picks:
            raise ValueError(f"pick of {pick.phase} at {pick.station}: no event {pick.event_id} is listed")
        picks[pick.event_id].append(pick)
    writer = _Writer(provenance)
    events = (line for name, event in catalogue.events.items() for line in writer.event(event, picks[name]))
    return "".join([_HEAD, writer.beginning(), *events, _TAIL]).encode()


@dataclass(frozen=True)
class _Writer:
    """The lines of a document."""

    provenance: Provenance

    def beginning(self) -> str:
        """Return the catalogue's first line and its comment."""
        return f"<eventParameters publicID={self.id('catalogue')}>\n{self.comment()}"

    def comment(self) -> str:
        """Return the comment, where there is one."""
        text = self.provenance.comment
        return "" if text is None else f"<comment><text>{escape(text)}</text></comment>\n"

    def creation(self) -> str:
        """Return who made what it stands in, where that is known."""
        named = {"agencyID": self.provenance.agency, "author": self.provenance.author}
        parts = [f"<{tag}>{escape(text)}</{tag}>" for tag, text in named.items() if text is not None]
        return f"<creationInfo>{''.join(parts)}</creationInfo>\n" if parts else ""

    def description(self) -> str:
        """Return what events are called, where they have a name."""
        text = self.provenance.description
        return "" if text is None else f"<description><text>{escape(text)}</text></description>\n"

    def id(self, *parts: str) -> str:
        """Return a quoted resource identifier."""
        return quoteattr("/".join([self.provenance.authority, *parts]))

    def event(self, event: Event, picks: Sequence[Pick]) -> Iterator[str]:
        """Yield one event."""
        name, authority = event.event_id, escape(self.provenance.authority)
        yield f"<event publicID={self.id('event', name)}>\n<type>earthquake</type>\n{self.comment()}"
        yield self.description() + self.creation()
        if event.origin_ns is not None:
            yield f"<preferredOriginID>{authority}/origin/{escape(name)}</preferredOriginID>\n"
        if event.magnitude is not None:
            yield f"<preferredMagnitudeID>{authority}/magnitude/{escape(name)}</preferredMagnitudeID>\n"
        yield from (line for number, pick in enumerate(picks) for line in self.pick(pick, number))
        if event.origin_ns is not None:
            yield from self.origin(event, picks)
        if event.magnitude is not None:
            yield f"<magnitude publicID={self.id('magnitude', name)}>{_value('mag', event.magnitude)}"
            if event.magnitude_type is not None:
                yield f"<type>{escape(event.magnitude_type)}</type>"
            yield f"{self.creation()}</magnitude>\n"
        yield "</event>\n"

    def origin(self, event: Event, picks: Iterable[Pick]) -> Iterator[str]:
        """Yield its origin, with one arrival for each pick."""
        yield f"<origin publicID={self.id('origin', event.event_id)}>"
        if event.origin_ns is not None:
            yield _value("time", _iso(event.origin_ns))
        depth_m = None if event.depth_km is None else round(1000.0 * event.depth_km, 3)
        numbers = {"latitude": event.latitude_deg, "longitude": event.longitude_deg, "depth": depth_m}
        yield from (_value(name, number) for name, number in numbers.items() if number is not None)
        yield f"<evaluationMode>{escape(self.provenance.mode)}</evaluationMode>\n{self.creation()}"
        for number, pick in enumerate(picks):
            name = f"{pick.event_id}.{number}"
            yield (
                f"<arrival publicID={self.id('arrival', name)}>"
                f"<pickID>{escape(self.provenance.authority)}/pick/{escape(name)}</pickID>"
                f"<phase>{escape(pick.phase)}</phase></arrival>\n"
            )
        yield "</origin>\n"

    def pick(self, pick: Pick, number: int) -> Iterator[str]:
        """Yield one pick."""
        codes = {
            "networkCode": pick.network,
            "stationCode": pick.station,
            "locationCode": pick.location,
            "channelCode": pick.channel,
        }
        attributes = " ".join(f"{key}={quoteattr(code)}" for key, code in codes.items() if code is not None)
        name = f"{pick.event_id}.{number}"
        yield f"<pick publicID={self.id('pick', name)}>{_value('time', _iso(pick.time_ns))}"
        yield f"<waveformID {attributes}/><phaseHint>{escape(pick.phase)}</phaseHint>"
        if pick.mode != UNSTATED:
            yield f"<evaluationMode>{escape(pick.mode)}</evaluationMode>"
        yield "</pick>\n"


def _value(name: str, value: float | str) -> str:
    return f"<{name}><value>{value}</value></{name}>"


def _iso(time_ns: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
