"""Runs as rows of a table, and tables as CSV, as Markdown and on the terminal."""

import csv
import io
import statistics
from collections import defaultdict
from collections.abc import Iterable

from seismic_lightning.cli.outcome import FINISHED
from seismic_lightning.cli.run_records import Run

Cell = str | int | float | None
Row = dict[str, Cell]
LONG = ("best checkpoint", "commit")
"""Columns that the terminal leaves to the files."""


def run_rows(runs: list[Run]) -> list[Row]:
    """Return one row a run; overrides that all runs share stand in none.

    Args:
        runs: One or more.
    """
    shown, metrics = _distinct(runs), _metric_names(runs)
    return [
        {
            "run": run.folder,
            "state": run.state,
            "overrides": " ".join(shown[run.folder]),
            "seed": run.seed,
            "monitor": run.monitor,
            "score": run.score,
            **{name: run.metrics.get(name) for name in metrics},
            "duration s": None if run.duration_s is None else round(run.duration_s, 1),
            "commit": run.commit,
            "best checkpoint": run.best_checkpoint,
            "error": run.error,
        }
        for run in runs
    ]


def over_seeds(runs: list[Run]) -> list[Row]:
    """Return the mean and the standard deviation of finished runs that differ in their seed alone.

    Args:
        runs: Of any state.

    Returns:
        One row for each group of two or more seeds; none where there is no such group.
    """
    shown = _distinct(runs)
    groups: defaultdict[tuple[str, str], dict[int, Run]] = defaultdict(dict)
    for run in runs:
        if run.state == FINISHED:
            groups[run.recipe, run.monitor][run.seed] = run  # of one seed, the last
    return [
        {
            "overrides": " ".join(shown[members[0].folder]),
            "seeds": len(members),
            "monitor": monitor,
            "score": mean_and_sd([run.score for run in members if run.score is not None]),
            **{
                name: mean_and_sd([run.metrics[name] for run in members if name in run.metrics])
                for name in _metric_names(members)
            },
        }
        for (_, monitor), by_seed in groups.items()
        if len(members := list(by_seed.values())) > 1
    ]


def mean_and_sd(values: list[float]) -> str:
    """Say a mean and the standard deviation of the sample.

    Example:
        >>> mean_and_sd([1.0, 2.0, 3.0])
        '2 ± 1'
    """
    if len(values) < 2:
        return "" if not values else f"{values[0]:.4g}"
    return f"{statistics.fmean(values):.4g} ± {statistics.stdev(values):.2g}"


def csv_text(rows: list[Row]) -> str:
    """Return rows as CSV; a text that a spreadsheet would take for a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(cell) for name, cell in row.items()})
    return text.getvalue()


def markdown(rows: list[Row]) -> str:
    """Return rows as a Markdown table, without the columns that are empty throughout."""
    columns = _filled(rows)
    lines = [columns, ["---"] * len(columns), *([_short(row.get(name)) for name in columns] for row in rows)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def aligned(rows: list[Row]) -> str:
    """Return rows as text in columns, without long and without empty ones; no line is ever cut."""
    columns = [name for name in _filled(rows) if name not in LONG]
    lines = [columns, *([_short(row.get(name)) for name in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    padded = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def _distinct(runs: list[Run]) -> dict[str, list[str]]:
    """Return by folder the overrides that not all runs share."""
    shared = set.intersection(*(set(run.overrides) for run in runs)) if len(runs) > 1 else set()
    return {run.folder: [word for word in run.overrides if word not in shared] for run in runs}


def _metric_names(runs: Iterable[Run]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.metrics))


def _filled(rows: list[Row]) -> list[str]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if any(row.get(name) not in (None, "") for row in rows)]


def _short(cell: Cell) -> str:
    return "" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
