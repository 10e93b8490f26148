"""The lines of a GSE2.0 bulletin, each read by its columns into a plain row.

A line is read as a whole or not at all: a character between two columns, a number that is none or a latitude
of 95 degrees refuses it with a reason. What a line leaves empty is None, and so is a number that the writing
program replaced by asterisks because it did not fit.

References:
    Group of Scientific Experts (1995), GSETT-3 Documentation, Volume Two: Operations, CRP/243, Annex 3.
"""

import re
from collections.abc import Iterable
from datetime import date
from operator import itemgetter

from seismic_lightning.records.bulletin_rows import Arrival, Origin, OriginMagnitude

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_TIME = re.compile(r"(\d{4})/(\d\d)/(\d\d) +(\d{1,2}): ?(\d{1,2}): ?(\d{1,2})(?:\.(\d{0,9}))?", re.ASCII)
_MAGNITUDE = re.compile(r"([A-Za-z]{1,3})? *([<>]?) *([+-]?(?:\d+\.?\d*|\.\d+))?", re.ASCII)
_UNIX_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NS_PER_S = 1_000_000_000
_YEARS = range(1900, 2200)
_MAX_DEPTH_KM, _MAX_HEIGHT_KM = 1000.0, 10.0


class LineError(ValueError):
    """A line cannot be read; its text is the reason."""


class _Columns:
    """Where the columns of a kind of line are; between them a line must be blank."""

    def __init__(self, *edges: tuple[int, int]) -> None:
        """Keep the columns, each as (start, stop)."""
        inside = {place for start, stop in edges for place in range(start, stop)}
        self.width = max(stop for _, stop in edges)
        self._slices = [slice(start, stop) for start, stop in edges]
        self._between = itemgetter(*(place for place in range(self.width) if place not in inside))

    def cut(self, line: str) -> list[str]:
        """Return the texts of the columns, without blanks around them."""
        padded = line.ljust(self.width)
        if not "".join(self._between(padded)).isspace():
            raise LineError("text between the columns")
        return [padded[part].strip() for part in self._slices]


_ORIGIN = _Columns(
    (0, 21), (21, 23), (25, 33), (34, 43), (44, 45), (47, 52), (53, 54), (56, 60), (61, 65), (66, 69),
    (71, 77), (78, 80), (82, 88), (89, 91), (93, 99), (100, 102),
)  # fmt: skip
_ORIGIN_TAIL = 103
_AUTHOR = slice(104, 112)
_ERRORS = _Columns(
    (5, 10), (13, 21), (25, 31), (32, 38), (40, 46), (47, 54), (56, 62), (63, 69),
    (71, 77), (82, 88), (93, 99),
)  # fmt: skip
_QUALITY = _Columns((1, 2), (3, 4), (5, 7))
"""Columns of the quality flags, counted from the end of the others."""
_ARRIVAL = _Columns(
    (0, 5), (6, 12), (13, 18), (19, 20), (20, 21), (21, 22), (23, 30), (31, 52), (53, 58), (59, 64), (65, 71),
    (72, 77), (78, 83), (84, 87), (88, 93), (94, 104), (104, 109), (110, 116), (117, 123),
)  # fmt: skip
_ARRIVAL_ID = 123


def read_origin(line: str) -> tuple[Origin, list[OriginMagnitude | None]]:
    """Read the first line of an origin.

    Args:
        line: The line, without its end.

    Returns:
        The origin, still without errors, and its three magnitude slots, to be given to :func:`read_errors`.

    Raises:
        LineError: A column cannot be read.
    """
    (
        time, _, latitude, longitude, _, depth, fixed, n_defining, n_stations, gap, *slots,
    ) = _ORIGIN.cut(line[:_ORIGIN_TAIL])  # fmt: skip
    magnitudes = [
        _magnitude(text, "magnitude", _count(count, "magnitude's station count"))
        for text, count in zip(slots[::2], slots[1::2], strict=True)
    ]
    latitude_deg = _within(latitude, "latitude", -90.0, 90.0)
    longitude_deg = _within(longitude, "longitude", -180.0, 360.0)
    if latitude_deg is None or longitude_deg is None:
        raise LineError("no latitude or longitude")
    author, origin_id = _author_and_id(line)
    origin = Origin(
        _time_ns(time),
        latitude_deg,
        longitude_deg,
        _within(depth, "depth", -_MAX_HEIGHT_KM, _MAX_DEPTH_KM),
        bool(fixed),
        _count(n_defining, "count of arrivals"),
        _count(n_stations, "count of stations"),
        _within(gap, "gap", 0.0, 360.0),
        _given(magnitudes),
        author,
        origin_id,
    )
    return origin, magnitudes


def read_errors(line: str, origin: Origin, slots: Iterable[OriginMagnitude | None]) -> Origin:
    """Read the second line of an origin, its errors.

    Args:
        line: The line, without its end.
        origin: What the first line said.
        slots: Its magnitude slots.

    Returns:
        The origin with its errors.

    Raises:
        LineError: A column cannot be read.
    """
    rms, time, major, minor, axis, depth, nearest, farthest, *errors = _ERRORS.cut(line[:_ORIGIN_TAIL])
    analysis, method, event_type = _quality(line[_ORIGIN_TAIL:])
    magnitudes = [
        slot if slot is None else slot._replace(error=_error(text, "error of the magnitude"))
        for slot, text in zip(slots, errors, strict=True)
    ]
    return origin._replace(
        magnitudes=_given(magnitudes),
        rms_s=_number(rms, "rms"),
        time_error_s=_error(time, "error of the time"),
        major_km=_number(major, "axis of the error ellipse"),
        minor_km=_number(minor, "axis of the error ellipse"),
        axis_deg=_number(axis, "azimuth of the error ellipse"),
        depth_error_km=_error(depth, "error of the depth"),
        min_distance_deg=_within(nearest, "distance", 0.0, 180.0),
        max_distance_deg=_within(farthest, "distance", 0.0, 180.0),
        analysis=analysis or None,
        method=method or None,
        event_type=event_type or None,
    )


def read_arrival(line: str) -> Arrival:
    """Read a line of the arrival table.

    Args:
        line: The line, without its end.

    Raises:
        LineError: A column cannot be read, or there is no station or time.
    """
    (
        station, distance, azimuth, pick_type, polarity, onset, phase, time, residual, back_azimuth,
        back_azimuth_residual, slowness, slowness_residual, defining, snr, amplitude, period, first, second,
    ) = _ARRIVAL.cut(line[:_ARRIVAL_ID])  # fmt: skip
    if not station:
        raise LineError("no station")
    arrival_id = line[_ARRIVAL_ID:].strip()
    if " " in arrival_id:
        raise LineError("text after the columns")
    return Arrival(
        station,
        _time_ns(time),
        phase or None,
        _within(distance, "distance", 0.0, 180.0),
        _within(azimuth, "azimuth", 0.0, 360.0),
        pick_type or None,
        polarity or None,
        onset or None,
        _number(residual, "residual"),
        _number(back_azimuth, "back-azimuth"),
        _number(back_azimuth_residual, "back-azimuth residual"),
        _number(slowness, "slowness"),
        _number(slowness_residual, "slowness residual"),
        defining or None,
        _number(snr, "signal-to-noise ratio"),
        _number(amplitude, "amplitude"),
        _number(period, "period"),
        _given((_magnitude(first, "magnitude"), _magnitude(second, "magnitude"))),
        arrival_id or None,
    )


def _time_ns(text: str) -> int:
    """Read ``YYYY/MM/DD hh:mm:ss.s``; hours from 24, and a minute or second of 60, run into the next day."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise LineError("no time" if text else "time is empty")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if year not in _YEARS or hour > 47 or minute > 60 or second > 60:
        raise LineError("time out of range")
    try:
        days = date(year, month, day).toordinal() - _UNIX_EPOCH_DAY
    except ValueError as error:
        raise LineError("no such day") from error
    fraction_ns = int((match[7] or "").ljust(9, "0"))
    return (days * 86_400 + hour * 3600 + minute * 60 + second) * _NS_PER_S + fraction_ns


def _number(text: str, name: str) -> float | None:
    if not text or not text.strip("*"):
        return None
    if _NUMBER.fullmatch(text) is None:
        raise LineError(f"{name} is no number")
    return float(text)


def _within(text: str, name: str, low: float, high: float) -> float | None:
    value = _number(text, name)
    if value is not None and not low <= value <= high:
        raise LineError(f"{name} out of range")
    return value


def _count(text: str, name: str) -> int | None:
    if not text or not text.strip("*"):
        return None
    if not (text.isascii() and text.isdigit()):
        raise LineError(f"{name} is no whole number")
    return int(text)


def _error(text: str, name: str) -> float | None:
    """Read a number that may stand behind ``+-``, which alone says nothing."""
    return _number(text.removeprefix("+-").lstrip(), name)


def _magnitude(text: str, name: str, n_stations: int | None = None) -> OriginMagnitude | None:
    if not text:
        return None
    match = _MAGNITUDE.fullmatch(text)
    if match is None:
        raise LineError(f"{name} cannot be read")
    kind, bound, value = match.groups()
    return None if value is None else OriginMagnitude(kind, float(value), n_stations, None, bound)


def _given(slots: Iterable[OriginMagnitude | None]) -> tuple[OriginMagnitude, ...]:
    return tuple(slot for slot in slots if slot is not None)


def _quality(tail: str) -> list[str]:
    """Read analysis, method and type of event, where observatories shift the columns of the standard."""
    words = tail.split()
    if len(words) == 3:
        return words
    if len(tail.rstrip()) > _QUALITY.width:
        raise LineError("text after the columns")
    return _QUALITY.cut(tail)


def _author_and_id(line: str) -> tuple[str | None, str | None]:
    """Read the end of an origin's line, where observatories shift the columns of the standard."""
    words = line[_ORIGIN_TAIL:].split()
    if len(words) == 2:
        return words[0], words[1]
    if len(words) > 2:
        return line[_AUTHOR].strip() or None, " ".join(line[_AUTHOR.stop :].split()) or None
    alone = words[0] if words else None
    return (alone, None) if line[_AUTHOR].strip() else (None, alone)
