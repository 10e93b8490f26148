"""The order of lines in a GSE2.0 bulletin: which line belongs to which event, and which to none.

Observatories leave out headers, ends and blank lines, or repeat them. Lines are therefore recognised by their
shape: an origin begins with a date, an arrival has one in its 32nd column. A line that is not understood
changes nothing for its neighbours, unless it is the EVENT line: what follows that has no owner until the next
one, and is reported rather than given to the event before.
"""

import re
from collections import Counter

from seismic_lightning.records.bulletin_columns import LineError, read_arrival, read_errors, read_origin
from seismic_lightning.records.bulletin_rows import Arrival, Origin, OriginMagnitude, Problem, ReportedEvent

_EVENT = re.compile(r"EVENT\s+(\S+)\s*(.*)")
_ENVELOPE = re.compile(r"(?:BEGIN\b|MSG_TYPE\b|MSG_ID\b|REF_ID\b|E-MAIL\b|DATA_TYPE\b|STOP\b|\.$)")
_OWN_MESSAGE = re.compile(r"BEGIN(?: GSE2\.\d)?|DATA_TYPE BULLETIN(?: GSE2\.\d)?")
_ORIGIN_SHAPE = re.compile(r"\d{4}/\d\d/\d\d ")
_ARRIVAL_SHAPE = re.compile(r".{31}\d{4}/\d\d/\d\d ")
_REGION_SHAPE = re.compile(r"[^\s\d].{0,79}\s*")
_COMMENT = re.compile(r"\s*\(.*\)")
_HEADERS = {
    "Date Time Latitude Longitude": "origin header",
    "rms OT_Error Smajor Sminor": "error header",
    "Sta Dist EvAz Phase": "arrival header",
}
_AUTHOR_COLUMN = 100


class _Draft:
    """An event whose lines are still being read."""

    def __init__(self, event_id: str, region: str) -> None:
        self.event_id, self.region = event_id, region
        self.origins: list[Origin] = []
        self.slots: list[OriginMagnitude | None] = []
        self.awaits_errors = False
        self.arrivals: list[Arrival] = []


class LineReader:
    """Takes lines one by one and knows which of them can come next.

    Attributes:
        announced: Whether a message said that it is a bulletin.
        events: By identifier, in order; the last one only after :meth:`close`.
        problems: Lines that were not understood.
        understood: Number of the other lines by kind.
    """

    # What the next line belongs to is the place: "nothing", the "title" of a message, an event's "origins" or
    # "arrivals", or what is "lost" because its EVENT was not understood.

    def __init__(self) -> None:
        """Begin before the first line."""
        self.announced = False
        self.events: dict[str, ReportedEvent] = {}
        self.problems: list[Problem] = []
        self.understood: Counter[str] = Counter()
        self._place = "nothing"
        self._draft = _Draft("", "")

    def take(self, number: int, line: str) -> None:
        """Understand a line, or report it."""
        try:
            kind = self._kind(line)
        except LineError as error:
            self.problems.append(Problem(number, line, str(error)))
        else:
            self.understood[kind] += 1

    def close(self) -> None:
        """End the event that is being read, if any."""
        draft = self._draft
        if draft.event_id:
            self.events[draft.event_id] = ReportedEvent(
                draft.event_id, draft.region or None, tuple(draft.origins), tuple(draft.arrivals)
            )
        self._draft = _Draft("", "")

    def _kind(self, line: str) -> str:
        """Store what a line says and return what kind of line it is."""
        if not line or line.isspace():
            return "blank"
        if not line.isprintable():
            raise LineError("characters that are no text")
        if self._place == "arrivals" and _ARRIVAL_SHAPE.match(line):  # the most frequent line by far
            return self._arrival(line)
        if line.startswith("EVENT"):
            return self._event(line)
        if _ENVELOPE.match(line):
            return self._envelope(line.strip())
        header = _HEADERS.get(" ".join(line.split(None, 4)[:4]))
        if header is not None:
            return self._header(header)
        return self._content(line)

    def _content(self, line: str) -> str:
        if self._place == "title" and not (_ORIGIN_SHAPE.match(line) or _ARRIVAL_SHAPE.match(line)):
            return "title"
        if self._place == "nothing":
            raise LineError("outside of any event")
        if self._place in ("title", "lost"):
            raise self._lost()
        if _ORIGIN_SHAPE.match(line):
            return self._origin(line)
        if _ARRIVAL_SHAPE.match(line):
            return self._arrival(line)
        if self._place == "arrivals":
            if _COMMENT.fullmatch(line):
                return "comment"
            raise LineError("no arrival")
        return self._below_origin(line)

    def _event(self, line: str) -> str:
        self.close()
        self._place = "lost"
        match = _EVENT.fullmatch(line)
        if match is None:
            raise LineError("EVENT without an identifier")
        event_id, region = match.groups()
        if event_id in self.events:
            raise LineError("an EVENT of this identifier stands above")
        self._draft = _Draft(event_id, region.strip())
        self._place = "origins"
        return "event"

    def _envelope(self, line: str) -> str:
        self.close()
        self._place = "nothing"
        words = " ".join(line.split())
        if words.startswith(("BEGIN", "DATA_TYPE")):
            if words.startswith("DATA_TYPE ARRIVAL"):
                return "envelope"  # arrivals without an event follow, and are reported one by one
            if _OWN_MESSAGE.fullmatch(words) is None:
                raise LineError("a message of another kind than BULLETIN GSE2.0")
            if words.startswith("DATA_TYPE"):
                self.announced, self._place = True, "title"
        return "envelope"

    def _header(self, header: str) -> str:
        if header == "arrival header":
            if self._place in ("title", "lost"):
                raise self._lost()
            if self._place == "origins":
                self._place = "arrivals"
        elif self._place != "origins" or (self._draft.origins and header == "origin header"):
            raise self._lost()
        return header

    def _lost(self) -> LineError:
        """Give what follows to no event, since its EVENT line is missing."""
        self.close()
        self._place = "lost"
        return LineError("the EVENT line above was not understood")

    def _origin(self, line: str) -> str:
        if self._place == "arrivals":
            raise self._lost()
        draft = self._draft
        draft.awaits_errors = False  # should this line be damaged, the next one is not the previous origin's
        origin, draft.slots = read_origin(line)
        draft.origins.append(origin)
        draft.awaits_errors = True
        return "origin"

    def _below_origin(self, line: str) -> str:
        """Read what may stand between an origin and the arrivals: author, errors, comments, the region."""
        draft = self._draft
        if draft.awaits_errors and line[:5].isspace():
            origin = draft.origins[-1]
            if line[:_AUTHOR_COLUMN].isspace():
                draft.origins[-1] = origin._replace(author=(origin.author or "") + line.strip())
                return "author"
            draft.awaits_errors = False
            draft.origins[-1] = read_errors(line, origin, draft.slots)
            return "errors"
        if not draft.region and _REGION_SHAPE.fullmatch(line):
            draft.region = line.strip()
            return "region"
        if _COMMENT.fullmatch(line):
            return "comment"
        raise LineError("neither origin, errors, region nor arrival")

    def _arrival(self, line: str) -> str:
        self._draft.arrivals.append(read_arrival(line))
        self._place = "arrivals"
        return "arrival"
