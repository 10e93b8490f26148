"""What a bulletin says of an event, as plain rows, and the lines that were not understood.

Whatever a line leaves empty is None: nothing is invented, and unknown is never 0.
"""

from typing import NamedTuple


class OriginMagnitude(NamedTuple):
    """A magnitude of an origin, or of one station.

    Attributes:
        kind: Type as the bulletin writes it, such as ``ML``; None if it does not say.
        value: The magnitude.
        n_stations: Stations it was averaged over; a bulletin may say 0.
        error: Its standard error.
        bound: ``<`` or ``>`` if the value is only a bound, else empty.
    """

    kind: str | None
    value: float
    n_stations: int | None = None
    error: float | None = None
    bound: str = ""


class Origin(NamedTuple):
    """One location of an event, from its two lines.

    Attributes:
        time_ns: Nanoseconds since 1970 (UTC).
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Depth below sea level.
        depth_fixed: Whether the depth was given to the location, not found by it.
        n_defining: Arrivals that determine the location.
        n_stations: Stations that do.
        gap_deg: Widest sector without a station.
        magnitudes: Up to three, in the order of the line.
        author: Who located it.
        origin_id: Its number.
        rms_s: Root mean square of the residuals.
        time_error_s: Standard error of the time.
        major_km: Longer half axis of the error ellipse.
        minor_km: Shorter half axis.
        axis_deg: Azimuth of the longer one.
        depth_error_km: Standard error of the depth.
        min_distance_deg: To the nearest station.
        max_distance_deg: To the farthest one.
        analysis: ``m`` by an analyst, ``a`` automatic, ``g`` a guess.
        method: Way of location, such as ``i`` for inversion.
        event_type: Such as ``ke`` for a known earthquake or ``sh`` for a suspected chemical explosion.
    """

    time_ns: int
    latitude_deg: float
    longitude_deg: float
    depth_km: float | None
    depth_fixed: bool
    n_defining: int | None
    n_stations: int | None
    gap_deg: float | None
    magnitudes: tuple[OriginMagnitude, ...]
    author: str | None
    origin_id: str | None
    rms_s: float | None = None
    time_error_s: float | None = None
    major_km: float | None = None
    minor_km: float | None = None
    axis_deg: float | None = None
    depth_error_km: float | None = None
    min_distance_deg: float | None = None
    max_distance_deg: float | None = None
    analysis: str | None = None
    method: str | None = None
    event_type: str | None = None


class Arrival(NamedTuple):
    """One line of the arrival table.

    Attributes:
        station: Station code.
        time_ns: Nanoseconds since 1970 (UTC).
        phase: Phase name, such as ``Pg``; None where it was not identified.
        distance_deg: Epicentral distance.
        azimuth_deg: From the epicentre to the station, clockwise from north.
        pick_type: ``m`` manual or ``a`` automatic.
        polarity: ``c`` compression or ``d`` dilatation.
        onset: ``i`` impulsive, ``e`` emergent or ``q`` questionable, in the bulletin's own case.
        residual_s: Observed minus predicted time.
        back_azimuth_deg: Measured direction of arrival.
        back_azimuth_residual_deg: Measured minus predicted direction.
        slowness_s_deg: Measured slowness, seconds per degree.
        slowness_residual_s_deg: Measured minus predicted slowness.
        defining: Which of time ``T``, azimuth ``A`` and slowness ``S`` determine the location.
        snr: Ratio of signal to noise.
        amplitude: In the bulletin's own unit: nanometres by the standard, Wood-Anderson millimetres from
            Kandilli.
        period_s: Period at which the amplitude was read.
        magnitudes: Up to two of this station.
        arrival_id: Its number.
    """

    station: str
    time_ns: int
    phase: str | None
    distance_deg: float | None
    azimuth_deg: float | None
    pick_type: str | None
    polarity: str | None
    onset: str | None
    residual_s: float | None
    back_azimuth_deg: float | None
    back_azimuth_residual_deg: float | None
    slowness_s_deg: float | None
    slowness_residual_s_deg: float | None
    defining: str | None
    snr: float | None
    amplitude: float | None
    period_s: float | None
    magnitudes: tuple[OriginMagnitude, ...]
    arrival_id: str | None


class ReportedEvent(NamedTuple):
    """One event of a bulletin.

    Attributes:
        event_id: What follows EVENT.
        region: Name of the place, None if there is none.
        origins: In the order of the file; the first is preferred.
        arrivals: In the order of the file.
    """

    event_id: str
    region: str | None
    origins: tuple[Origin, ...]
    arrivals: tuple[Arrival, ...]


class Problem(NamedTuple):
    """A line that was not understood.

    Attributes:
        line: Its number, counted from 1.
        text: The line.
        reason: Why; one of a small number of sentences, by which problems can be counted.
    """

    line: int
    text: str
    reason: str
