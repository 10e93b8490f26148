"""Events and station metadata of a region, from the event and the station service of a node."""

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from seismic_lightning.acquisition.nodes import service_url, time_text
from seismic_lightning.acquisition.settings import AcquisitionSettings
from seismic_lightning.acquisition.transport import Query, Transport
from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.errors import AcquisitionError, ArchiveError
from seismic_lightning.records.catalogue import Catalogue, Event, Pick, read_quakeml
from seismic_lightning.records.inventory import Inventory, read_stationxml
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.storage import write_atomically

Content = TypeVar("Content")
INTERVAL_NS = 30 * 86_400 * NANOSECONDS_PER_S
"""Events are asked for a month at a time; nodes limit the number of events of an answer."""
SHORTEST_NS = 3600 * NANOSECONDS_PER_S


def fetch_stations(transport: Transport, base: str, settings: AcquisitionSettings) -> tuple[bytes, Inventory]:
    """Ask for the stations in and around the region, with responses.

    Args:
        transport: Connections to the node.
        base: Its address.
        settings: Region, period, networks and families.

    Returns:
        The StationXML document, and what it says.

    Raises:
        AcquisitionError: The node cannot be reached or has no such station.
    """
    fdsn, region = settings.fdsn, settings.region
    url = service_url(base, "station")
    parameters = {
        **_box(region.edges(), [getattr(region, name) for name in region.edges()], fdsn.station_margin_deg),
        "network": ",".join(fdsn.networks),
        "channel": ",".join(f"{family}?" for family in fdsn.families),
        "starttime": time_text(settings.start_ns),
        "endtime": time_text(settings.end_ns),
        "level": "response",
        "format": "xml",
    }
    answer = transport.fetch(
        Query(url, parameters), lambda body: (body, _parsed(body, read_stationxml, "StationXML"))
    )
    if answer.content is None:
        raise AcquisitionError(
            "no_data",
            f"{url} has no station of {parameters['network']} with channels {parameters['channel']} there",
        )
    return answer.content


def fetch_events(transport: Transport, base: str, settings: AcquisitionSettings, folder: Path) -> Path:
    """Ask for the events of the region and period, with picks, unless they were fetched before.

    Args:
        transport: Connections to the node.
        base: Its address.
        settings: Region, period and least magnitude.
        folder: Where the QuakeML file lies or shall lie.

    Returns:
        The file.

    Raises:
        AcquisitionError: The node cannot be reached or has no such event.
    """
    region = settings.region
    parameters = _box(region.edges(), [getattr(region, name) for name in region.edges()], 0.0)
    if region.min_magnitude is not None:
        parameters["minmagnitude"] = f"{region.min_magnitude:g}"
    asked = repr([base, settings.start_ns, settings.end_ns, sorted(parameters.items())])
    path = folder / f"events_{hashlib.sha256(asked.encode()).hexdigest()[:12]}.xml"
    if path.is_file() and settings.end_ns < time.time_ns():
        return path
    url = service_url(base, "event")
    events: dict[str, Event] = {}
    picks: list[Pick] = []
    for start_ns in range(settings.start_ns, settings.end_ns, INTERVAL_NS):
        end_ns = min(start_ns + INTERVAL_NS, settings.end_ns)
        for part in _events(transport, Query(url, parameters), start_ns, end_ns):
            new = part.events.keys() - events.keys()
            events.update(part.events)
            picks += [pick for pick in part.picks if pick.event_id in new]
    if not events:
        raise AcquisitionError(
            "no_data", f"{url} has no event of the region between {settings.start} and {settings.end}"
        )
    write_atomically(path, quakeml_bytes(Catalogue(events, picks)))
    return path


def _events(transport: Transport, query: Query, start_ns: int, end_ns: int) -> list[Catalogue]:
    """Ask for the events of an interval, halved where that is too much."""
    parameters = {
        **query.parameters,
        "starttime": time_text(start_ns),
        "endtime": time_text(end_ns),
        "includearrivals": "true",
        "format": "xml",
    }
    try:
        answer = transport.fetch(
            query._replace(parameters=parameters), lambda body: _parsed(body, read_quakeml, "QuakeML")
        )
    except AcquisitionError as error:
        if error.reason != "too_large" or end_ns - start_ns < SHORTEST_NS:
            raise
        middle_ns = (start_ns + end_ns) // 2
        return [
            *_events(transport, query, start_ns, middle_ns),
            *_events(transport, query, middle_ns, end_ns),
        ]
    return [] if answer.content is None else [answer.content]


def _parsed(body: bytes, read: Callable[[Path], Content], what: str) -> Content:
    """Read a document; one that cannot be read is refused, so that it is asked for again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.xml"
        path.write_bytes(body)
        try:
            return read(path)
        except ArchiveError as error:
            raise AcquisitionError(
                "not_xml", f"the answer is no {what}: it begins with {body[:40]!r}"
            ) from error


def _box(names: tuple[str, ...], edges_deg: list[float], margin_deg: float) -> dict[str, str]:
    """Return a box as services take it, widened on all sides."""
    signs = (-1.0, 1.0, -1.0, 1.0)
    limits = (90.0, 90.0, 180.0, 180.0)
    return {
        name.removesuffix("_deg").replace("_", ""): f"{max(min(edge + sign * margin_deg, limit), -limit):.6f}"
        for name, edge, sign, limit in zip(names, edges_deg, signs, limits, strict=True)
    }
