"""What became of every file and pick: the tables on disk, and the counts as a table for the screen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seismic_lightning.curation.reasons import APART, REASONS, REMEDIES

if TYPE_CHECKING:
    from rich.table import Table

REJECTIONS_FILE = "rejections.parquet"
REJECTIONS_CSV = "rejections.csv"
QUALITY_CSV = "quality.csv"
CONSIDERABLE_SHARE = 0.1
"""Share of the candidates from which a reason for rejection is worth a remedy."""
SPLIT_LABELS = {"train": "training", "dev": "validation", "test": "test"}


@dataclass(frozen=True)
class CurationSummary:
    """Counts of one curation.

    Attributes:
        dataset_id: Content address of the dataset.
        dataset_dir: Its folder.
        reused: Whether an unchanged dataset was found and nothing had to be done.
        unit: Unit of the samples.
        candidates: Files that belong to an event of the catalogue.
        accepted: Candidates that became records.
        rejected: Number of rejected candidates by reason; their sum and ``accepted`` are ``candidates``.
        apart: Number of files without an event, picks without a file and other files, by reason.
        left_out: Number of events of the catalogue that were not considered, by reason.
        events: Number of events by split.
        records: Number of records by split.
        absent_families: Families of ``select.families`` that no file has.
        remarks: What was done otherwise than the source or the settings suggest, and why.
    """

    dataset_id: str
    dataset_dir: Path
    reused: bool
    unit: str
    candidates: int
    accepted: int
    rejected: dict[str, int]
    apart: dict[str, int]
    events: dict[str, int]
    records: dict[str, int]
    absent_families: list[str]
    left_out: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def from_manifest(cls, manifest: dict[str, Any], dataset_dir: Path, *, reused: bool) -> "CurationSummary":
        """Read the counts that a dataset keeps of its own making."""
        return cls(manifest["dataset_id"], dataset_dir, reused, manifest["unit"], **manifest["counts"])

    def __rich__(self) -> "Table":
        """Show the counts as a table where rich prints a summary."""
        return summary_table(self)


def summary_table(summary: CurationSummary) -> "Table":
    """Lay the counts out for the screen.

    Args:
        summary: Counts of one curation.

    Returns:
        A renderable of rich, for the caller to print.
    """
    from rich.table import Table  # here: reading a dataset needs no screen

    state = "unchanged" if summary.reused else "curated"
    table = Table(title=f"{summary.dataset_dir} ({summary.unit}, {state})", title_justify="left")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_column("meaning")
    for reason, count in sorted(summary.rejected.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(reason, str(count), REASONS[reason])
    splits = ", ".join(
        f"{SPLIT_LABELS[name]} {summary.records[name]} of {summary.events[name]} events"
        for name in SPLIT_LABELS
    )
    table.add_row("accepted", str(summary.accepted), splits, end_section=True)
    table.add_row("candidates", str(summary.candidates), "accepted and rejected together", end_section=True)
    for reason, count in sorted(summary.apart.items()):
        table.add_row(f"apart: {reason}", str(count), REASONS[reason])
    for reason, count in sorted(summary.left_out.items()):
        table.add_row(f"left out: {reason}", str(count), "events or rows of the catalogue")
    notes = list(summary.remarks)
    if summary.absent_families:
        notes.append(f"families without a file: {', '.join(summary.absent_families)}")
    table.caption = "; ".join(notes) or None
    return table


def remedies(summary: CurationSummary) -> list[str]:
    """Say what would keep more, for reasons that took a considerable share of the candidates.

    Args:
        summary: Counts of one curation.
    """
    large = CONSIDERABLE_SHARE * summary.candidates
    return [
        f"{count} {reason}: to keep them, {REMEDIES[reason]}."
        for reason, count in summary.rejected.items()
        if count > large and reason in REMEDIES
    ]


@dataclass
class Tally:
    """Numbers of rejections, which can be added up over processes.

    Attributes:
        counts: By reason.
        examples: Path and detail of the first one of each reason.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[str | None, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[dict[str, Any]]) -> "Tally":
        """Count rows of the rejection table."""
        tally = cls()
        for row in rows:
            tally.add(str(row["reason"]), 1, (row["path"], str(row["detail"])))
        return tally

    def add(self, reason: str, count: int, example: tuple[str | None, str]) -> None:
        """Count rejections of one reason."""
        self.counts[reason] += count
        self.examples.setdefault(reason, example)

    def update(self, other: "Tally") -> None:
        """Add what another process counted."""
        for reason, count in other.counts.items():
            self.add(reason, count, other.examples[reason])

    def split(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the counts of candidates, and of what is listed apart, by reason."""
        inside = {reason: self.counts[reason] for reason in sorted(self.counts) if reason not in APART}
        return inside, {reason: self.counts[reason] for reason in sorted(self.counts) if reason in APART}


def frequent_reasons(tally: Tally) -> str:
    """Name the three most frequent reasons with an example each and what to change."""
    counts, _ = tally.split()
    lines = []
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]:
        path, detail = tally.examples[reason]
        remedy = f" Remedy: {REMEDIES[reason]}." if reason in REMEDIES else ""
        example = detail if path is None else f"{path}: {detail}"
        lines.append(f"{count} x {reason} ({REASONS[reason]}; {example}).{remedy}")
    return " ".join(lines)
