"""Writing of QuakeML 1.2: the counterpart of the reader in ``catalogue``.

The document is put together as text. Building ObsPy's objects first takes two orders of magnitude longer,
and would name every part at random, so that writing twice would give two different files.

References:
    Schorlemmer, D., Euchner, F., Kaestli, P., Saul, J. (2011), QuakeML: status of the XML-based seismological
    data exchange format, Annals of Geophysics 54(1), doi:10.4401/ag-4874.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from seismic_lightning.records.catalogue import Catalogue, Event, Pick

_AUTHORITY = "smi:local"
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" xmlns="http://quakeml.org/xmlns/bed/1.2">\n'
    f'<eventParameters publicID="{_AUTHORITY}/catalogue">\n'
)
_TAIL = "</eventParameters>\n</q:quakeml>\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quakeml_bytes(catalogue: Catalogue) -> bytes:
    """Return a catalogue as the content of a QuakeML file.

    Times are written to the microsecond. Every event has one origin and one magnitude, both preferred; what
    is None is left out. Each pick is associated with the origin by an arrival of its phase.

    Args:
        catalogue: Events under their identifiers, and picks of these events in any order.

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
    events = (line for name, event in catalogue.events.items() for line in _event(event, picks[name]))
    return "".join([_HEAD, *events, _TAIL]).encode()


def _event(event: Event, picks: Sequence[Pick]) -> Iterator[str]:
    name = event.event_id
    yield f"<event publicID={_id('event', name)}>\n<type>earthquake</type>\n"
    if event.origin_ns is not None:
        yield f"<preferredOriginID>{_AUTHORITY}/origin/{escape(name)}</preferredOriginID>\n"
    if event.magnitude is not None:
        yield f"<preferredMagnitudeID>{_AUTHORITY}/magnitude/{escape(name)}</preferredMagnitudeID>\n"
    yield from (line for number, pick in enumerate(picks) for line in _pick(pick, number))
    if event.origin_ns is not None:
        yield from _origin(event, picks)
    if event.magnitude is not None:
        yield f"<magnitude publicID={_id('magnitude', name)}>{_value('mag', event.magnitude)}"
        if event.magnitude_type is not None:
            yield f"<type>{escape(event.magnitude_type)}</type>"
        yield "</magnitude>\n"
    yield "</event>\n"


def _origin(event: Event, picks: Iterable[Pick]) -> Iterator[str]:
    yield f"<origin publicID={_id('origin', event.event_id)}>"
    if event.origin_ns is not None:
        yield _value("time", _iso(event.origin_ns))
    depth_m = None if event.depth_km is None else round(1000.0 * event.depth_km, 3)
    numbers = {"latitude": event.latitude_deg, "longitude": event.longitude_deg, "depth": depth_m}
    yield from (_value(name, number) for name, number in numbers.items() if number is not None)
    yield "<evaluationMode>manual</evaluationMode>\n"
    for number, pick in enumerate(picks):
        pick_name = f"{pick.event_id}.{number}"
        yield (
            f"<arrival publicID={_id('arrival', pick_name)}>"
            f"<pickID>{_AUTHORITY}/pick/{escape(pick_name)}</pickID>"
            f"<phase>{escape(pick.phase)}</phase></arrival>\n"
        )
    yield "</origin>\n"


def _pick(pick: Pick, number: int) -> Iterator[str]:
    codes = {
        "networkCode": pick.network,
        "stationCode": pick.station,
        "locationCode": pick.location,
        "channelCode": pick.channel,
    }
    attributes = " ".join(f"{key}={quoteattr(code)}" for key, code in codes.items() if code is not None)
    yield f"<pick publicID={_id('pick', f'{pick.event_id}.{number}')}>{_value('time', _iso(pick.time_ns))}"
    yield f"<waveformID {attributes}/><phaseHint>{escape(pick.phase)}</phaseHint>"
    yield f"<evaluationMode>{escape(pick.mode)}</evaluationMode></pick>\n"


def _id(kind: str, name: str) -> str:
    return quoteattr(f"{_AUTHORITY}/{kind}/{name}")


def _value(name: str, value: float | str) -> str:
    return f"<{name}><value>{value}</value></{name}>"


def _iso(time_ns: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
