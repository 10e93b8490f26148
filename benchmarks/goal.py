"""What a figure is asked to be, and whether it is.

A missed goal is shown, never an exit code: on a machine that others use as well, a single figure is noise.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

FIGURES = "BENCHMARK_FIGURES"
"""Environment variable that names the file in which ``python -m benchmarks`` collects its figures."""


class Goal(NamedTuple):
    """A bound on a figure.

    Attributes:
        bound: Value that is asked for.
        unit: Follows the value, such as ``x`` or `` s``.
        at_least: True for a least value, False for a greatest one.
        wanted: Value that would be better still; None where the bound is all.
    """

    bound: float
    unit: str = "x"
    at_least: bool = True
    wanted: float | None = None

    def __str__(self) -> str:
        """Return the goal as a table shows it."""
        better = "" if self.wanted is None else f", better {self.wanted:g}{self.unit}"
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{self.unit}{better}"

    def verdict(self, figure: float) -> str:
        """Tell whether a figure keeps the bound, and whether it is as good as wanted."""
        if not self._kept(figure, self.bound):
            return "missed"
        return "reached" if self.wanted is None or self._kept(figure, self.wanted) else "least reached"

    def _kept(self, figure: float, bound: float) -> bool:
        return figure >= bound if self.at_least else figure <= bound


def cells(goal: Goal | None, figure: float) -> tuple[str, str]:
    """Return what stands in the columns goal and verdict: nothing where no goal is set."""
    return ("", "") if goal is None else (str(goal), goal.verdict(figure))


def keep(name: str, ours: str, peer: str, figure: float, goal: Goal) -> None:
    """Keep a figure for the table over all benchmarks, if one is being made.

    Args:
        name: What was measured, against whom.
        ours: Value of this package, with its unit.
        peer: Value of the peer, with its unit; empty without one.
        figure: What the goal asks for, often the ratio of the two.
        goal: What it is asked to be.
    """
    if path := os.environ.get(FIGURES):
        digits = ",.0f" if figure >= 1000 else ".3g"
        row = [name, ours, peer, f"{figure:{digits}}{goal.unit}", *cells(goal, figure)]
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
