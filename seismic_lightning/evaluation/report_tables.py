"""The tables of the report as plain texts, ready to be laid out: nothing here knows HTML.

The error budget becomes one table per family of measures, answers down and measures across, so that numbers
of one unit stand below each other and a family fits a screen.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from seismic_lightning.evaluation import report_standing
from seismic_lightning.evaluation.measure import Best
from seismic_lightning.evaluation.report_glossary import FAMILIES, entry
from seismic_lightning.evaluation.report_standing import BASELINES, FLOORS, Standing

BEST_WORDS: dict[Best, str] = {
    "high": "high is best",
    "low": "low is best",
    "zero": "0 is best",
    "one": "1 is best",
    "half": "½ is best",
    "rebuilt": "low is best of rebuilt records",
}
STANDING_WORDS: dict[Standing, str] = {
    "floor": "as good as the floor",
    "near": "nearer to the floor",
    "far": "nearer to the baseline",
    "worse": "no better than the baseline",
    "unplaced": "without a scale",
}
HEAT_STEPS_DEX = (0.05, 0.15, 0.3, 0.6)
"""Where the colour of a bias changes, either sign."""
GROUPS = ("Guesses", "Floor and ceiling", "Model")
_MINUS = "\u2212"
_DECIMALS = {0.00005: 2, 0.001: 4, 0.1: 3, 10.0: 2, 100.0: 1}
"""Decimals of numbers below a limit."""
_MARKS = "abcdefghijklmnopqrstuvwxyz"


class Cell(NamedTuple):
    """One answer by one measure.

    Attributes:
        value: Text of the number, empty where there is none.
        interval: Text of its bounds.
        standing: Where it lies between baseline and floor, empty outside the model's rows.
        absent: Why there is no number.
        mark: Letter of the footnote that repeats the reason.
    """

    value: str
    interval: str
    standing: str
    absent: str
    mark: str


class Line(NamedTuple):
    """One answer: its name, what it rests on, and its cells."""

    name: str
    counts: str
    cells: list[Cell]


class Head(NamedTuple):
    """One measure: its name, its unit, and what is best in words."""

    name: str
    unit: str
    best: str


class FamilyTable(NamedTuple):
    """The error budget of one family.

    Attributes:
        title: Name of the family.
        heads: Measures across.
        groups: Titles of groups and their answers, down.
        footnotes: Letters and the reasons they stand for.
        counts: What all answers rest on whose line does not say otherwise.
    """

    title: str
    heads: list[Head]
    groups: list[tuple[str, list[Line]]]
    footnotes: list[tuple[str, str]]
    counts: str


class Verdict(NamedTuple):
    """How one row of the model fares over all measures.

    Attributes:
        name: Of the row.
        counts: Number of measures by standing, in the order of ``STANDING_WORDS``.
        worse: Measures by which it is no better than the baseline.
    """

    name: str
    counts: dict[str, int]
    worse: list[str]


class BinCell(NamedTuple):
    """Residuals of one answer in one bin, as texts, with a step of colour from -4 to 4."""

    bias: str
    sd: str
    n_records: int
    step: int


class BinTable(NamedTuple):
    """Residuals of one intensity measure: answers across, bins down."""

    intensity: str
    rows: list[str]
    lines: list[tuple[str, list[BinCell]]]


class Explained(NamedTuple):
    """One measure of the glossary."""

    head: Head
    sentence: str
    source: str


def numbers(*values: float) -> list[str]:
    """Write numbers that stand together with as many decimals as the largest of them deserves.

    Args:
        values: Finite.

    Example:
        >>> numbers(0.04567, 0.0), numbers(0.873, 0.04), numbers(12.345), numbers(250.2)
        (['0.046', '0.000'], ['0.87', '0.04'], ['12.3'], ['250'])
    """
    size = max(abs(value) for value in values)
    places = next((places for limit, places in _DECIMALS.items() if size < limit), 0)
    # What rounds to nought has no sign.
    rounded = [round(value, places) + 0.0 for value in values]
    return [f"{value:.{places}f}".replace("-", _MINUS) for value in rounded]


def budget_tables(budget: pd.DataFrame) -> list[FamilyTable]:
    """Lay out the error budget, family by family.

    Args:
        budget: Lines of ``budget.TABLE_COLUMNS``.

    Returns:
        Families in the order of the glossary, those that have a measure.
    """
    family = budget["measure"].map(lambda measure: entry(measure).family)
    unasked = report_standing.rows_from_nothing(budget)
    return [
        _family_table(title, budget[family == title], unasked)
        for title in FAMILIES
        if (family == title).any()
    ]


def verdicts(budget: pd.DataFrame) -> list[Verdict]:
    """Count how each row of the model fares.

    Args:
        budget: Lines of ``budget.TABLE_COLUMNS``.

    Returns:
        One for each row that is neither guess nor bound, in the budget's order.
    """
    unasked = report_standing.rows_from_nothing(budget)
    placed = {
        row: dict(report_standing.standings(budget, row, from_nothing=row in unasked))
        for row in _rows(budget, GROUPS[2])
    }
    return [
        Verdict(
            row,
            {kind: Counter(by_measure.values())[kind] for kind in STANDING_WORDS},
            [measure for measure, kind in by_measure.items() if kind == "worse"],
        )
        for row, by_measure in placed.items()
    ]


def bin_tables(bins: pd.DataFrame) -> list[BinTable]:
    """Lay out residuals by bin of magnitude and distance, one table per intensity measure.

    Args:
        bins: Lines of ``result.BIN_COLUMNS``.

    Returns:
        Tables in the order they came; bins without any record are left out.
    """
    tables = []
    for intensity, lines in bins.groupby("intensity", sort=False):
        rows = list(lines["row"].unique())
        by_bin = [
            (str(name), [_bin_cell(held[held["row"] == row]) for row in rows])
            for name, held in lines.groupby("bin", sort=False)
            if held["n_records"].sum() > 0
        ]
        tables.append(BinTable(str(intensity), rows, by_bin))
    return tables


def glossary(budget: pd.DataFrame) -> list[tuple[str, list[Explained]]]:
    """Explain every measure of a budget.

    Args:
        budget: Lines of ``budget.TABLE_COLUMNS``.

    Returns:
        Families and their measures, in the order of the tables.
    """
    return [
        (table.title, [Explained(head, *entry(head.name)[1:]) for head in table.heads])
        for table in budget_tables(budget)
    ]


def _family_table(title: str, lines: pd.DataFrame, unasked: set[str]) -> FamilyTable:
    reasons = list(lines["absent"].dropna().unique())
    marks = {reason: _mark(place) for place, reason in enumerate(reasons)}
    first = lines.drop_duplicates("measure")
    heads = [
        Head(measure, unit, BEST_WORDS[best])
        for measure, unit, best in zip(first["measure"], first["unit"], first["best"], strict=True)
    ]
    groups = [
        (group, [_line(lines, row, _placed(lines, row, group, unasked), marks) for row in rows])
        for group in GROUPS
        if (rows := _rows(lines, group))
    ]
    counted = Counter(line.counts for _, held in groups for line in held if line.counts)
    shared = counted.most_common(1)[0][0] if counted else ""
    groups = [
        (group, [line._replace(counts="") if line.counts == shared else line for line in held])
        for group, held in groups
    ]
    return FamilyTable(title, heads, groups, [(mark, reason) for reason, mark in marks.items()], shared)


def _mark(place: int) -> str:
    """Return a, b, and so on, then aa."""
    return _MARKS[place % len(_MARKS)] * (1 + place // len(_MARKS))


def _rows(lines: pd.DataFrame, group: str) -> list[str]:
    """Return the rows of one group, in the order they came."""
    of_group = {
        GROUPS[0]: lambda row: row in BASELINES,
        GROUPS[1]: lambda row: row in FLOORS,
        GROUPS[2]: lambda row: row not in BASELINES + FLOORS,
    }
    return [row for row in lines["row"].unique() if of_group[group](row)]


def _placed(lines: pd.DataFrame, row: str, group: str, unasked: set[str]) -> dict[str, Standing]:
    return (
        dict(report_standing.standings(lines, row, from_nothing=row in unasked)) if group == GROUPS[2] else {}
    )


def _line(lines: pd.DataFrame, row: str, placed: dict[str, Standing], marks: dict[str, str]) -> Line:
    held = lines[lines["row"] == row]
    cells = []
    for one in held.to_dict("records"):
        if isinstance(one["absent"], str):
            cells.append(Cell("", "", "", one["absent"], marks[one["absent"]]))
            continue
        bounds = [] if np.isnan([one["low"], one["high"]]).any() else [one["low"], one["high"]]
        value, *texts = numbers(one["value"], *bounds)
        cells.append(Cell(value, " to ".join(texts), placed.get(one["measure"], ""), "", ""))
    judged = held[held["absent"].isna()]
    counts = "" if judged.empty else f"{_counts(judged, 'records')}, {_counts(judged, 'events')}"
    return Line(row, counts, cells)


def _counts(judged: pd.DataFrame, what: str) -> str:
    """Return how many records or events a line rests on, a range where measures differ."""
    counted = judged[f"n_{what}"]
    low, high = int(counted.min()), int(counted.max())
    return f"{low:,} {what}" if low == high else f"{low:,} to {high:,} {what}"


def _bin_cell(held: pd.DataFrame) -> BinCell:
    if held.empty or not held["n_records"].iloc[0]:
        return BinCell("", "", 0, 0)
    line = held.iloc[0]
    step = int(np.searchsorted(HEAT_STEPS_DEX, abs(line["bias"]), side="right") * np.sign(line["bias"]))
    sd = "" if np.isnan(line["sd"]) else f"{line['sd']:.2f}"
    bias = f"{round(line['bias'], 2) + 0.0:+.2f}".replace("-", _MINUS)
    return BinCell(bias, sd, int(line["n_records"]), step)
