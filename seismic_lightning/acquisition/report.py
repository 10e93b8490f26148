"""What an acquisition says at its end, and what a dry run says instead."""

from collections.abc import Iterator

from rich.table import Table

from seismic_lightning.acquisition.acquire import AcquisitionSummary
from seismic_lightning.acquisition.estimate import Estimate
from seismic_lightning.acquisition.ledger import FAILED, NO_DATA
from seismic_lightning.acquisition.reasons import REASONS

_MB = 1e6


def summary_table(summary: AcquisitionSummary) -> Table:
    """Return what was stored by family, and what was not by reason.

    Args:
        summary: Of an acquisition.
    """
    table = Table("windows", "number", "", title=f"{summary.archive_dir}: {summary.n_bytes / _MB:,.1f} MB")
    for family, number in summary.families.items():
        table.add_row(f"stored {family}", f"{number:,}", "")
    if summary.states.get(NO_DATA):
        table.add_row(NO_DATA, f"{summary.states[NO_DATA]:,}", REASONS[NO_DATA])
    for reason, number in summary.failures.items():
        table.add_row(reason, f"{number:,}", REASONS[reason])
    return table


def warnings_of(summary: AcquisitionSummary) -> Iterator[str]:
    """Yield a line for what a user should know of an archive that is not complete.

    Args:
        summary: Of an acquisition.
    """
    failed = summary.states.get(FAILED, 0)
    if failed:
        yield (
            f"warning: {failed} of {sum(summary.states.values())} windows failed; {summary.rejections} names "
            "them, and seismic-acquire asks for them again."
        )


def estimate_table(found: Estimate) -> Table:
    """Return what a plan asks for.

    Args:
        found: Counts of the plan.
    """
    n_windows = sum(found.windows.values())
    table = Table(
        "plan",
        "number",
        title=f"{n_windows:,} windows in {found.n_requests:,} requests: about "
        f"{found.n_bytes / _MB:,.1f} MB in {found.hours:.2f} hours",
    )
    for family, number in sorted(found.windows.items()):
        table.add_row(f"windows {family}", f"{number:,}")
    table.add_row("stations", f"{len(found.stations):,}")
    for reason, number in sorted(found.left_out.items()):
        table.add_row(f"left out: {reason}", f"{number:,}")
    return table
