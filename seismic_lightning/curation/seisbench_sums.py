"""What only all records of somebody else's dataset together can tell: duplicates, type of samples, split.

A few bytes per record are kept; what turns out to be no record is taken out of the tasks' tables at the end.
"""

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from seismic_lightning.curation.gather import Gathered
from seismic_lightning.curation.join import withdraw_records
from seismic_lightning.curation.schema import MEASURED, SPLITS, read_table
from seismic_lightning.curation.seisbench_task import Read
from seismic_lightning.curation.select import Refusal
from seismic_lightning.curation.settings import SplitSettings
from seismic_lightning.curation.task import PartFiles

DIGEST_BYTES = 16
"""Of the names of a sensor: two of a hundred million sensors share a digest with a chance below 1e-22."""
REFUSED_KINDS = {
    "fractions": Refusal("fractions", "fractional counts, and more records hold whole ones beyond 2^24"),
    "large": Refusal("overflow", "counts beyond 2^24 in a dataset that holds fractions as 32-bit floats"),
}


class Sums:
    """Sums over the tasks of reading; tasks come in their order.

    Attributes:
        gathered: Counts, units and responses.
    """

    gathered: Gathered

    def __init__(self) -> None:
        """Begin without a task."""
        self.gathered = Gathered([])
        self._seen: set[bytes] = set()
        self._splits: defaultdict[tuple[str, str], set[str | None]] = defaultdict(set)
        self._kinds: dict[str, dict[int, array[int]]] = {kind: {} for kind in REFUSED_KINDS}
        self._refused: defaultdict[int, dict[int, Refusal]] = defaultdict(dict)

    def add(self, read: Read) -> None:
        """Add what a task told, and find what an earlier task has already."""
        self.gathered.add(read.part)
        number = read.part.number
        for place, stored in enumerate(read.stored):
            digest = _digest(stored.sensor)
            if digest in self._seen:
                refused = Refusal("duplicate", "same event, station and family as a trace of earlier rows")
                self._refuse((number, place), stored.unit, stored.event, stored.file, refused)
                continue
            self._seen.add(digest)
            self._splits[stored.unit, stored.event].add(stored.split)
            if stored.kind in self._kinds:
                self._kinds[stored.kind].setdefault(number, array("I")).append(place)

    def choose_type(self, folder: Path, unit: str) -> bool:
        """Decide between whole counts and fractions, where no type holds both exactly.

        Records that both types hold never matter. Of the others, fractions and counts beyond 2^24, the fewer
        are refused.

        Args:
            folder: Folder that the tasks wrote into.
            unit: Unit of the dataset.

        Returns:
            Whether whole counts must become floats, as the dataset holds fractions.
        """
        numbers = {kind: sum(map(len, places.values())) for kind, places in self._kinds.items()}
        if unit != "counts" or not numbers["fractions"]:
            return False
        fewer = "fractions" if numbers["fractions"] < numbers["large"] else "large"
        for number, places in self._kinds[fewer].items():
            records = read_table(PartFiles.of(folder, number).records, MEASURED)
            for place in places:
                row = records.loc[place]
                names = (str(row["trace_unit"]), str(row["source_id"]), str(row["trace_file"]))
                self._refuse((number, place), *names, REFUSED_KINDS[fewer])
        return fewer == "large"

    def split(self, unit: str, settings: SplitSettings) -> tuple[dict[str, str], list[str]]:
        """Keep the source's split where it is one of events, and whole; else split by event.

        Args:
            unit: Unit of the dataset.
            settings: Shares and seed of a split of ours.

        Returns:
            Split by event, and what is to be said about it.

        Raises:
            DatasetError: Too few events.
        """
        found = {event: self._splits[of, event] for of, event in self.gathered.records if of == unit}
        fault = _fault(list(found.values()))
        if fault is None:
            return {event: str(next(iter(names))) for event, names in found.items()}, []
        ours = self.gathered.split(unit, settings)
        told = any(name is not None for names in found.values() for name in names)
        remark = f"the source's own split is not kept, {fault}: split by event instead"
        return ours, [remark] if told else []

    def withdraw(self, folder: Path) -> None:
        """Take what is no record after all out of the tables of the tasks."""
        for number, refused in self._refused.items():
            withdraw_records(PartFiles.of(folder, number), refused)

    def _refuse(self, where: tuple[int, int], unit: str, event: str, file: str, refused: Refusal) -> None:
        number, place = where
        self._refused[number][place] = refused
        self.gathered.withdraw(unit, event, file, refused)


def _digest(sensor: Sequence[str]) -> bytes:
    return hashlib.blake2b("\0".join(sensor).encode(), digest_size=DIGEST_BYTES).digest()


def _fault(splits: list[set[str | None]]) -> str | None:
    """Say why the splits of the source's events cannot be kept, None if they can."""
    unknown = sum(not names <= set(SPLITS) for names in splits)
    if unknown:
        return f"as records of {unknown} of {len(splits)} events are in none of {', '.join(SPLITS)}"
    several = sum(len(names) > 1 for names in splits)
    if several:
        return f"as records of {several} of {len(splits)} events are in more than one split"
    empty = [name for name in SPLITS if {name} not in splits]
    if empty:
        return f"as none of {len(splits)} events is in {' or '.join(empty)}"
    return None
