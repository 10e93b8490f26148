"""Writing of StationXML: the counterpart of the reader in ``inventory``.

References:
    FDSN (2019), StationXML schema 1.2, https://docs.fdsn.org/projects/stationxml.
"""

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from obspy.core.inventory import Channel
    from obspy.core.inventory.response import Response

AZIMUTH_AND_DIP_DEG = {"Z": (0.0, -90.0), "N": (0.0, 0.0), "E": (90.0, 0.0)}
_UNIT_NAMES = {"counts": "COUNTS", "mps": "M/S", "mps2": "M/S**2"}


class ChannelEntry(NamedTuple):
    """One channel to describe.

    Attributes:
        code: Channel code, whose last letter tells its direction.
        location: Location code.
        sampling_rate_hz: Rate of its records.
        response: Its response or sensitivity; None where nothing is known.
        start_ns: First nanosecond since 1970 (UTC); None is that of its station.
        end_ns: Last nanosecond; None is that of its station.
    """

    code: str
    location: str
    sampling_rate_hz: float
    response: "Response | None"
    start_ns: int | None = None
    end_ns: int | None = None


class StationEntry(NamedTuple):
    """One station to describe; one that moved is described once for each place.

    Attributes:
        network: Network code.
        code: Station code.
        site: Name of the place.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        elevation_m: Above sea level.
        start_ns: First day, nanoseconds since 1970 (UTC); None is open.
        channels: Its channels.
        end_ns: Last nanosecond; None is open.
    """

    network: str
    code: str
    site: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    start_ns: int | None
    channels: Sequence[ChannelEntry]
    end_ns: int | None = None


def stationxml_bytes(
    stations: Sequence[StationEntry],
    *,
    source: str,
    created_ns: int,
    comment: str | None = None,
    authority: str | None = None,
) -> bytes:
    """Return stations as the content of a StationXML file.

    Args:
        stations: Stations, those of one network together.
        source: Who says so.
        created_ns: Time that the file states as that of its making, nanoseconds since 1970 (UTC): now, or a
            fixed one so that writing twice gives the same file.
        comment: Stands at every network, station and channel.
        authority: Beginning of the resource identifier of every network, station and channel; None gives
            them none.

    Returns:
        XML; the same for the same arguments.
    """
    # Here: ObsPy is slow to import and most commands never write station metadata.
    from obspy import UTCDateTime
    from obspy.core.inventory import Comment, Inventory, Network, Station
    from obspy.core.inventory.util import Site

    def marked(name: str) -> dict[str, list[object]]:
        return {
            "comments": [] if comment is None else [Comment(comment)],
            "identifiers": [] if authority is None else [f"{authority}/{name}"],
        }

    networks = []
    for code, group in groupby(stations, key=lambda station: station.network):
        entries = []
        for station in group:
            channels = [_channel(station, channel) for channel in station.channels]
            for channel in channels:
                name = f"channel/{code}.{station.code}.{channel.location_code}.{channel.code}"
                for key, value in marked(name).items():
                    setattr(channel, key, value)
            place = Site(name=station.site)
            own = marked(f"station/{code}.{station.code}")
            entries.append(
                Station(station.code, site=place, channels=channels, **_place(station, station), **own)
            )
        networks.append(Network(code, stations=entries, **marked(f"network/{code}")))
    inventory = Inventory(networks, source=source, created=UTCDateTime(ns=created_ns))
    content = BytesIO()
    inventory.write(content, format="STATIONXML")
    return content.getvalue()


def flat_response(value: float, unit: str, output_unit: str, frequency_hz: float) -> "Response":
    """Return the response of a channel of which the sensitivity alone is known: one stage without poles.

    Args:
        value: What one unit of ground motion becomes.
        unit: ``mps`` or ``mps2``.
        output_unit: Unit of the samples: ``counts``, ``mps`` or ``mps2``.
        frequency_hz: A frequency at which it holds.
    """
    from obspy.core.inventory.response import InstrumentSensitivity, PolesZerosResponseStage, Response

    names = _UNIT_NAMES[unit], _UNIT_NAMES[output_unit]
    stage = PolesZerosResponseStage(
        1, value, frequency_hz, *names, "LAPLACE (RADIANS/SECOND)", frequency_hz, zeros=[], poles=[]
    )
    sensitivity = InstrumentSensitivity(value, frequency_hz, *names)
    return Response(instrument_sensitivity=sensitivity, response_stages=[stage])


def _channel(station: StationEntry, channel: ChannelEntry) -> "Channel":
    from obspy.core.inventory import Channel

    azimuth_deg, dip_deg = AZIMUTH_AND_DIP_DEG[channel.code[-1]]
    return Channel(
        code=channel.code,
        location_code=channel.location,
        depth=0.0,
        azimuth=azimuth_deg,
        dip=dip_deg,
        sample_rate=channel.sampling_rate_hz,
        response=channel.response,
        **_place(station, channel),
    )


def _place(station: StationEntry, dated: StationEntry | ChannelEntry) -> dict[str, object]:
    """Return where a station stands, and from when to when: as dated, else as the station is."""
    from obspy import UTCDateTime

    start_ns = station.start_ns if dated.start_ns is None else dated.start_ns
    end_ns = station.end_ns if dated.end_ns is None else dated.end_ns
    return {
        "latitude": station.latitude_deg,
        "longitude": station.longitude_deg,
        "elevation": station.elevation_m,
        "start_date": None if start_ns is None else UTCDateTime(ns=start_ns),
        "end_date": None if end_ns is None else UTCDateTime(ns=end_ns),
    }
