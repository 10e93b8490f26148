"""What the tasks of a curation told, added up: which unit, which split, which counts follow from it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from seismic_lightning.curation.join import Choice, join_parts, rejections_so_far
from seismic_lightning.curation.report import SPLIT_LABELS, Tally, frequent_reasons
from seismic_lightning.curation.responses import Sources, work_out_responses, write_responses
from seismic_lightning.curation.select import Refusal, dataset_unit
from seismic_lightning.curation.settings import SelectionSettings, SplitSettings
from seismic_lightning.curation.split import split_events
from seismic_lightning.curation.task import Part
from seismic_lightning.errors import DatasetError


class Gathered:
    """Sums over tasks; the rows themselves stay on the disk.

    Attributes:
        tally: Rejections by reason.
        records: Number of records by unit and event.
    """

    def __init__(self, planned: list[dict[str, Any]]) -> None:
        """Begin with rows of the rejection table that were known without a task."""
        self.tally = Tally.of(planned)
        self.records: Counter[tuple[str, str]] = Counter()
        self._planned = planned
        self._numbers: dict[Sources, int] = {}
        self._responses: list[list[int]] = []

    def add(self, part: Part) -> None:
        """Add what a task told; tasks come in their order."""
        self.tally.update(part.tally)
        self.records.update(part.records)
        numbers = self._numbers
        self._responses.append([numbers.setdefault(sources, len(numbers)) for sources in part.sources])

    def withdraw(self, unit: str, event: str, file: str, refused: Refusal) -> None:
        """Count a record among the rejections after all."""
        self.records[unit, event] -= 1
        if self.records[unit, event] == 0:
            del self.records[unit, event]
        self.tally.add(refused.reason, 1, (file, refused.detail))

    def choose_unit(self, select: SelectionSettings) -> str:
        """Decide the unit of the dataset and count the records of others as rejections."""
        units: Counter[str] = Counter()
        for (unit, _), count in self.records.items():
            units[unit] += count
        chosen = dataset_unit(units, select)
        for unit in sorted(set(units) - {chosen}):
            detail = f"samples in {unit}, the dataset is in {chosen}"
            self.tally.add("other_unit", units[unit], (None, detail))
        return chosen

    def split(self, unit: str, settings: SplitSettings) -> dict[str, str]:
        """Split the events that have records of the dataset's unit.

        Raises:
            DatasetError: Too few events; names what was rejected most.
        """
        try:
            return split_events({event for of, event in self.records if of == unit}, settings)
        except DatasetError as error:
            raise DatasetError(f"{error} {frequent_reasons(self.tally)}") from error

    def write(
        self, folder: Path, choice: Choice, stations: Sequence[Path], no_curve: str | None = None
    ) -> None:
        """Join the tables of the tasks and write the responses that their records need.

        Args:
            folder: Folder that the tasks wrote into.
            choice: Unit and splits.
            stations: Station metadata with the responses.
            no_curve: Why the source has no response at all, where it cannot have one.
        """
        join_parts(folder, self._responses, self._planned, choice)
        responses = work_out_responses(list(self._numbers), stations)
        if no_curve is not None:
            responses.table["remark"] = responses.table["remark"].mask(
                responses.table["curve"].isna(), no_curve
            )
        write_responses(folder, responses)

    def rejections(self, folder: Path) -> pd.DataFrame:
        """Return what is in the rejection table so far.

        Args:
            folder: Folder that the tasks wrote into.
        """
        return rejections_so_far(folder, len(self._responses), self._planned)

    def counts(self, total: int, choice: Choice, absent_families: list[str]) -> dict[str, Any]:
        """Count everything and check that the counts add up.

        Args:
            total: Number of candidates.
            choice: Unit and splits.
            absent_families: Selected families that no candidate has.
        """
        rejected, apart = self.tally.split()
        by_split: Counter[str] = Counter()
        for (unit, event), count in self.records.items():
            if unit == choice.unit:
                by_split[choice.splits[event]] += count
        accepted = by_split.total()
        if accepted + sum(rejected.values()) != total:
            message = f"{accepted} accepted and {sum(rejected.values())} rejected of {total} candidates"
            raise AssertionError(message)
        events = Counter(choice.splits.values())
        return {
            "candidates": total,
            "accepted": accepted,
            "rejected": rejected,
            "apart": apart,
            "events": {name: events[name] for name in SPLIT_LABELS},
            "records": {name: by_split[name] for name in SPLIT_LABELS},
            "absent_families": absent_families,
        }
