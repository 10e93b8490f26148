"""Windows from a dataselect service: asked for together, verified, completed, stored one file each.

A request that a node cannot answer is halved until the culprit stands alone, so that one bad window fails by
name and the others are stored. What an answer lacks is asked for again by itself: only if the node then has
no data, or nothing new, is the outage taken for real.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from seismic_lightning.acquisition import verify
from seismic_lightning.acquisition.ledger import FAILED, NO_DATA, STORED, Outcome
from seismic_lightning.acquisition.nodes import time_text
from seismic_lightning.acquisition.plan import Window
from seismic_lightning.acquisition.transport import Query, Transport
from seismic_lightning.acquisition.verify import Packet, Stretch
from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.errors import AcquisitionError
from seismic_lightning.storage import write_atomically

SHORTEST_NS = 20 * NANOSECONDS_PER_S
"""A node that calls this little too large is not asked for less."""
MOST_COMPLETIONS = 20
"""Answers that each brought something new, until a node that never sends all counts as one that cuts."""
GAVE_UP = "gave_up"


class WindowFetcher:
    """Fetches windows into an archive; threads share one."""

    def __init__(self, transport: Transport, url: str, archive_dir: Path) -> None:
        """Remember where to ask and where to store.

        Args:
            transport: Connections to the node.
            url: Address of its ``query`` or ``queryauth``.
            archive_dir: Archive to write to.
        """
        self._transport, self._url, self._archive_dir = transport, url, archive_dir

    def fetch(self, windows: Sequence[Window]) -> list[Outcome]:
        """Fetch a few windows of one event.

        Args:
            windows: Windows of different sensors.

        Returns:
            What became of each. Windows that a node which went down was not asked for any more are not
            among them.

        Raises:
            StorageError: A file cannot be written.
        """
        try:
            found, tries = self._complete([part for window in windows for part in verify.stretches(window)])
            return [self._store(window, found, tries) for window in windows]
        except AcquisitionError as error:
            if error.reason == GAVE_UP:
                return []
            if len(windows) == 1:
                return [Outcome(windows[0].file, FAILED, error.tries, reason=error.reason, detail=str(error))]
        middle = len(windows) // 2
        return self.fetch(windows[:middle]) + self.fetch(windows[middle:])

    def _complete(self, asked: list[Stretch]) -> tuple[list[Packet], int]:
        """Ask, and ask again for what is missing, until nothing new comes."""
        found, tries = self._ask(asked)
        for _ in range(MOST_COMPLETIONS):
            lacking = _lacking(found, asked)
            if not lacking or not found:
                return found, tries  # a node that says "no data" is believed
            more, sent = self._ask(lacking)
            tries += sent
            size = _n_samples(found, asked)
            found = found + more
            if _n_samples(found, asked) == size:
                return found, tries
        raise AcquisitionError("cut_body", f"{self._url} sends less than it has, every time")

    def _ask(self, asked: list[Stretch]) -> tuple[list[Packet], int]:
        """Ask once for some stretches; where that is too much, for half of them at a time."""
        lines = (
            f"{part.seed_id.network} {part.seed_id.station} {part.seed_id.location or '--'} "
            f"{part.seed_id.channel} {time_text(part.start_ns)} {time_text(part.end_ns, up=True)}\n"
            for part in asked
        )
        query = Query(self._url, body="".join(lines).encode("ascii"))
        try:
            answer = self._transport.fetch(query, lambda body: _checked(body, asked))
        except AcquisitionError as error:
            if error.reason != "too_large":
                raise
            first, second = _halves(asked, error)
        else:
            return answer.content or [], answer.tries
        (found, tries), (more, further) = self._ask(first), self._ask(second)
        return found + more, tries + further + 1

    def _store(self, window: Window, found: list[Packet], tries: int) -> Outcome:
        asked = verify.stretches(window)
        channels = {part.seed_id for part in asked}
        own = [packet for packet in found if packet.segment.seed_id in channels]
        runs = [run for part in asked for run in verify.joined(own, part)]
        if not runs:
            return Outcome(window.file, NO_DATA, tries, reason=NO_DATA, detail="")
        content = verify.content_of(own, runs)
        write_atomically(self._archive_dir / window.file, content)
        return Outcome(window.file, STORED, tries, len(content), hashlib.sha256(content).hexdigest())


def _checked(body: bytes, asked: list[Stretch]) -> list[Packet]:
    """Take a body apart; overlaps are compared at once, so that a bad answer is asked for again."""
    found = verify.packets(body, asked)
    for part in asked:
        verify.joined(found, part)
    return found


def _lacking(found: list[Packet], asked: list[Stretch]) -> list[Stretch]:
    return [lack for part in asked for lack in verify.missing(verify.joined(found, part), part)]


def _n_samples(found: list[Packet], asked: list[Stretch]) -> int:
    return sum(run.samples.size for part in asked for run in verify.joined(found, part))


def _halves(asked: list[Stretch], error: AcquisitionError) -> tuple[list[Stretch], list[Stretch]]:
    """Split a request by channels, then by time."""
    if len(asked) > 1:
        return asked[: len(asked) // 2], asked[len(asked) // 2 :]
    part = asked[0]
    if part.end_ns - part.start_ns < SHORTEST_NS:
        raise error
    middle_ns = (part.start_ns + part.end_ns) // 2
    return [part._replace(end_ns=middle_ns)], [part._replace(start_ns=middle_ns)]
