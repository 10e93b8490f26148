"""Reading of GSE2.0 bulletins as observatories really send them.

A bulletin lists events, each with one or more origins and a table of arrivals, in lines of fixed columns. The
files of Kandilli Observatory have no message header and no STOP, names of places in a Turkish code page, and
two blank lines or one between events; others put a header in the middle, end lines as DOS does, or break the
author's name into a line of its own. Lines are therefore recognised by their shape, not by their number.

Every line is either understood, and counted by its kind, or reported as a :class:`Problem` with its number
and a reason. A line that cannot be read gives nothing: its neighbours are read all the same.

References:
    Group of Scientific Experts (1995), GSETT-3 Documentation, Volume Two: Operations, CRP/243, Annex 3.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.bulletin_lines import LineReader
from seismic_lightning.records.bulletin_rows import Problem, ReportedEvent
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.catalogue_settings import choose_magnitude
from seismic_lightning.records.text_table import decoded


class Bulletin(NamedTuple):
    """What a bulletin says, and what of it was not understood.

    Attributes:
        events: In the order of the file; no two have one identifier.
        problems: In the order of the file.
        understood: Number of understood lines by kind. Together with the problems they are all lines of the
            file.
    """

    events: list[ReportedEvent]
    problems: list[Problem]
    understood: dict[str, int]

    @property
    def left_out(self) -> dict[str, int]:
        """Return how many lines were not understood, by reason."""
        return dict(Counter(problem.reason for problem in self.problems))

    def catalogue(self, magnitude_order: "list[str] | str | None" = None) -> Catalogue:
        """Return events and picks as rows of a catalogue.

        A bulletin knows stations but no networks and channels: these stay empty. A bound such as ``<3.0`` is
        no magnitude.

        Args:
            magnitude_order: See :func:`choose_magnitude`. None takes the first magnitude that is listed.
        """
        events = {event.event_id: _event(event, magnitude_order) for event in self.events}
        return Catalogue(events, [pick for event in self.events for pick in _picks(event)])

    def quakeml(self, magnitude_order: "list[str] | str | None" = None) -> bytes:
        """Return the events and picks of :meth:`catalogue` as a QuakeML document.

        Args:
            magnitude_order: See :func:`choose_magnitude`. None takes the first magnitude that is listed.
        """
        from seismic_lightning.records.quakeml import quakeml_bytes  # here: most callers want rows

        return quakeml_bytes(self.catalogue(magnitude_order))


def read_bulletin(path: str | Path) -> Bulletin:
    """Read a GSE2.0 bulletin with any number of events.

    Args:
        path: Text file; UTF-8, Turkish or Latin code pages, and any ends of lines.

    Returns:
        Its events and the lines that were not understood.

    Raises:
        ArchiveError: The file cannot be opened, or is no bulletin at all.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read ({error.strerror}); give a GSE2.0 bulletin.") from error
    return parse_bulletin(content, str(path))


def parse_bulletin(content: bytes, name: str = "the text") -> Bulletin:
    """Read a GSE2.0 bulletin from memory.

    Args:
        content: Content of the file.
        name: What to call it in an error.

    Returns:
        Its events and the lines that were not understood.

    Raises:
        ArchiveError: This is no bulletin at all.

    Example:
        >>> line = b"2023/12/04 00:57:20.4     40.7075   27.5095      9.5"
        >>> bulletin = parse_bulletin(b"EVENT 20231204005720" + bytes([10]) + line)
        >>> bulletin.events[0].origins[0].depth_km
        9.5
    """
    reader = LineReader()
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        # Line by line, so that a foreign name of a place spoils no other line.
        reader.take(number, decoded(raw).replace("\N{NO-BREAK SPACE}", " "))
    reader.close()
    bulletin = Bulletin(list(reader.events.values()), reader.problems, dict(reader.understood))
    if not reader.announced and not any(event.origins or event.arrivals for event in bulletin.events):
        message = (
            f"{name} is no GSE2.0 bulletin: no EVENT with an origin or an arrival in "
            f"{sum(bulletin.understood.values()) + len(bulletin.problems)} lines."
        )
        raise ArchiveError(message)
    return bulletin


def _event(event: ReportedEvent, magnitude_order: "list[str] | str | None") -> Event:
    origin = event.origins[0] if event.origins else None
    listed = [
        (size.kind or "", size.value) for one in event.origins for size in one.magnitudes if not size.bound
    ]
    chosen = listed[:1] if magnitude_order is None else [choose_magnitude(listed, magnitude_order)]
    kind, magnitude = (chosen and chosen[0]) or (None, None)
    return Event(
        event_id=event.event_id,
        origin_ns=None if origin is None else origin.time_ns,
        latitude_deg=None if origin is None else origin.latitude_deg,
        longitude_deg=None if origin is None else origin.longitude_deg,
        depth_km=None if origin is None else origin.depth_km,
        magnitude=magnitude,
        magnitude_type=kind or None,
    )


def _picks(event: ReportedEvent) -> list[Pick]:
    return [
        Pick(
            event_id=event.event_id,
            network="",
            station=arrival.station,
            location=None,
            channel="",
            phase=arrival.phase or "",
            time_ns=arrival.time_ns,
            mode="automatic" if arrival.pick_type == "a" else "manual",
        )
        for arrival in event.arrivals
    ]
