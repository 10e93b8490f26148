"""Writing of GSE2.0 bulletins: what an analyst read off the seismograms of each event, in fixed columns.

This is the counterpart of the reader in ``bulletin``, and has its own rows, which hold what must be known.
Columns are those of the GSE2.0 standard as ObsPy reads them, with the habits of Kandilli Observatory: phases
Pg, Pn and Sg, the local magnitude in the first magnitude slot, arrival times to a tenth of a second, station
magnitude and Wood-Anderson amplitude on P lines only, and no signal-to-noise ratio, azimuth or slowness.
Unlike the text that the observatory sends out, a file begins with a message header and ends with STOP;
without these ObsPy reads no event and says nothing.

References:
    Group of Scientific Experts (1995), GSETT-3 Documentation, Volume Two: Operations, CRP/243, Annex 3.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from seismic_lightning.records.catalogue import P_PHASES, Event

_ORIGIN_HEAD = (
    "   Date       Time       Latitude Longitude    Depth    Ndef Nsta Gap    Mag1  N    Mag2  N    Mag3  N"
    "  Author          ID",
    "       rms   OT_Error      Smajor Sminor Az        Err   mdist  Mdist     Err        Err        Err"
    "     Quality",
)
_ARRIVAL_HEAD = (
    "Sta    Dist   EvAz     Phase       Date      Time     TRes  Azim  AzRes  Slow  SRes Def  SNR        Amp"
    "   Per   Mag1   Mag2 Arr ID"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TENTH_NS = 100_000_000


class BulletinArrival(NamedTuple):
    """One line of the arrival table.

    Attributes:
        station: Station code, up to five letters.
        distance_deg: Epicentral distance.
        azimuth_deg: From the epicentre to the station, clockwise from north.
        phase: Phase name, such as ``Pg``.
        time_ns: Nanoseconds since 1970 (UTC).
        residual_s: Observed minus predicted time.
        amplitude_mm: Amplitude on a Wood-Anderson seismograph, None where it was not read.
        magnitude: Local magnitude of this station, None where there is none.
        period_s: Period of the amplitude, None where it was not measured.
    """

    station: str
    distance_deg: float
    azimuth_deg: float
    phase: str
    time_ns: int
    residual_s: float
    amplitude_mm: float | None = None
    magnitude: float | None = None
    period_s: float | None = None


class BulletinEvent(NamedTuple):
    """One event of a bulletin.

    Attributes:
        event: Origin and magnitude; both must be known.
        region: Name of the place.
        arrivals: At least one, in the order in which they are to be written.
    """

    event: Event
    region: str
    arrivals: tuple[BulletinArrival, ...]


def bulletin_text(
    events: Iterable[BulletinEvent], message_id: str, *, author: str = "SIM", first_id: int = 1
) -> str:
    """Return events as a GSE2.0 bulletin.

    Args:
        events: Events in order of time.
        message_id: Up to 20 letters, digits or underscores.
        author: Who located the events, up to eight letters.
        first_id: Number of the first origin and the first arrival; the others count on.

    Returns:
        ASCII text from BEGIN to STOP.

    Raises:
        ValueError: Something is unknown, or wider than its columns.
    """
    lines = ["BEGIN GSE2.0", "MSG_TYPE DATA", f"MSG_ID {message_id}", "DATA_TYPE BULLETIN GSE2.0"]
    arrival_id = first_id
    for origin_id, entry in enumerate(events, start=first_id):
        lines += _origin_block(entry, author, origin_id)
        lines += [entry.region, _ARRIVAL_HEAD]
        for arrival in entry.arrivals:
            lines.append(_arrival_line(arrival, arrival_id))
            arrival_id += 1
        lines += ["", ""]
    return "\n".join([*lines, "STOP", ""])


def azimuthal_gap_deg(azimuths_deg: Iterable[float]) -> float:
    """Return the widest sector around the epicentre without a station, in degrees.

    Example:
        >>> azimuthal_gap_deg([0.0, 90.0, 100.0])
        260.0
    """
    ordered = sorted({azimuth % 360.0 for azimuth in azimuths_deg})
    following = [*ordered[1:], ordered[0] + 360.0]
    return max(after - before for before, after in zip(ordered, following, strict=True))


def _origin_block(entry: BulletinEvent, author: str, origin_id: int) -> Iterator[str]:
    event, arrivals = entry.event, entry.arrivals
    numbers = (event.latitude_deg, event.longitude_deg, event.depth_km, event.magnitude)
    if event.origin_ns is None or None in numbers or not arrivals or not entry.region.strip():
        raise ValueError(
            f"event {event.event_id}: a bulletin needs its time, place, name of the place, magnitude and an "
            "arrival"
        )
    distances_deg = [arrival.distance_deg for arrival in arrivals]
    with_p = {arrival.station for arrival in arrivals if arrival.phase in P_PHASES}
    rms_s = math.sqrt(sum(arrival.residual_s**2 for arrival in arrivals) / len(arrivals))
    yield f"EVENT {event.event_id}"
    yield from _ORIGIN_HEAD
    yield ""
    yield _line(
        (0, 21, _time(event.origin_ns)),
        (25, 33, f"{event.latitude_deg:.4f}"),
        (34, 43, f"{event.longitude_deg:.4f}"),
        (47, 52, f"{event.depth_km:.1f}"),
        (56, 60, f"{len(arrivals)}"),
        (61, 65, f"{len({arrival.station for arrival in arrivals})}"),
        (66, 69, f"{azimuthal_gap_deg(arrival.azimuth_deg for arrival in arrivals):.0f}"),
        (71, 73, event.magnitude_type or "ML"),
        (73, 77, f"{event.magnitude:.1f}"),
        (78, 80, f"{len(with_p)}"),
        (104, 112, f"{author:<8}"),
        (114, 122, f"{origin_id:08d}"),
    )
    yield _line(
        (5, 10, f"{rms_s:.2f}"),
        (56, 62, f"{min(distances_deg):.2f}"),
        (63, 69, f"{max(distances_deg):.2f}"),
        (104, 110, "m i ke"),
    )
    yield ""


def _arrival_line(arrival: BulletinArrival, arrival_id: int) -> str:
    columns = [
        (0, 5, f"{arrival.station:<5}"),
        (6, 12, f"{arrival.distance_deg:.2f}"),
        (13, 18, f"{round(arrival.azimuth_deg) % 360:.1f}"),
        (19, 20, "m"),
        (23, 30, f"{arrival.phase:<7}"),
        (31, 52, _time(arrival.time_ns)),
        (53, 58, f"{round(arrival.residual_s, 1) + 0.0:.1f}"),  # + 0.0 turns a negative zero into zero
        (84, 85, "T"),
        (124, 132, f"{arrival_id}"),
    ]
    if arrival.amplitude_mm is not None:
        columns.append((94, 103, f"{arrival.amplitude_mm:.1f}"))
    if arrival.period_s is not None:
        columns.append((104, 109, f"{arrival.period_s:.2f}"))
    if arrival.magnitude is not None:
        columns += [(110, 112, "ML"), (112, 116, f"{arrival.magnitude:.1f}")]
    return _line(*columns)


def _line(*columns: tuple[int, int, str]) -> str:
    """Put texts at the right ends of their columns, each given as (start, stop, text)."""
    characters = [" "] * max(stop for _, stop, _ in columns)
    for start, stop, text in columns:
        if len(text) > stop - start:
            raise ValueError(f"{text!r} is wider than the {stop - start} columns it has in a GSE2.0 bulletin")
        characters[start:stop] = text.rjust(stop - start)
    return "".join(characters).rstrip()


def _time(time_ns: int) -> str:
    """Return ``YYYY/MM/DD hh:mm:ss.s``, rounded to the tenth of a second."""
    tenths = (time_ns + _TENTH_NS // 2) // _TENTH_NS
    moment = _EPOCH + timedelta(milliseconds=100 * tenths)
    return f"{moment:%Y/%m/%d %H:%M:%S}.{tenths % 10}"
