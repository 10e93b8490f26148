"""Writing of the text catalogue that Kandilli Observatory's event search exports.

One tab-separated line per event: running number, code (``Deprem Kodu``, the event's identifier), date and
time in UTC, place, the magnitudes of each type and the largest of them (``xM``), kind (``Ke`` for an
earthquake) and the name of the place. A magnitude that was not determined is written as 0.0.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from seismic_lightning.records.catalogue import Event

ENCODING = "latin-1"
COLUMNS = (
    "No", "Deprem Kodu", "Olus tarihi", "Olus zamani", "Enlem", "Boylam", "Der(km)",
    "xM", "MD", "ML", "Mw", "Ms", "Mb", "Tip", "Yer",
)  # fmt: skip
MAGNITUDE_TYPES = ("MD", "ML", "Mw", "Ms", "Mb")
EARTHQUAKE = "Ke"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HUNDREDTH_NS = 10_000_000


class NamedEvent(NamedTuple):
    """An event and the name of its place."""

    event: Event
    region: str


def kandilli_bytes(events: Iterable[NamedEvent]) -> bytes:
    """Return events as the content of a Kandilli text catalogue.

    Args:
        events: Events with time, place and one magnitude, in the order in which they are to be listed.

    Returns:
        Text in latin-1.

    Raises:
        ValueError: An event lacks its time, its place or a magnitude of a type that the format knows.
    """
    rows = ["\t".join(COLUMNS)]
    for number, (event, region) in enumerate(events, start=1):
        place = (event.latitude_deg, event.longitude_deg, event.depth_km)
        if event.origin_ns is None or None in place or event.magnitude is None:
            raise ValueError(f"event {event.event_id}: a catalogue line needs time, place and magnitude")
        if event.magnitude_type not in MAGNITUDE_TYPES:
            raise ValueError(
                f"event {event.event_id}: magnitude type {event.magnitude_type}, the format knows "
                f"{', '.join(MAGNITUDE_TYPES)}"
            )
        magnitudes = (event.magnitude if kind == event.magnitude_type else 0.0 for kind in MAGNITUDE_TYPES)
        date, time = _date_and_time(event.origin_ns)
        cells = (
            f"{number}", event.event_id, date, time,
            f"{event.latitude_deg:.4f}", f"{event.longitude_deg:.4f}", f"{event.depth_km:.1f}",
            f"{event.magnitude:.1f}", *(f"{value:.1f}" for value in magnitudes), EARTHQUAKE, region,
        )  # fmt: skip
        rows.append("\t".join(cells))
    return ("\n".join(rows) + "\n").encode(ENCODING)


def _date_and_time(time_ns: int) -> tuple[str, str]:
    """Return ``YYYY.MM.DD`` and ``hh:mm:ss.ss``, rounded to the hundredth of a second."""
    hundredths = (time_ns + _HUNDREDTH_NS // 2) // _HUNDREDTH_NS
    moment = _EPOCH + timedelta(milliseconds=10 * hundredths)
    return f"{moment:%Y.%m.%d}", f"{moment:%H:%M:%S}.{hundredths % 100:02d}"
