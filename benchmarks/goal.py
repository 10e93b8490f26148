"""What a figure is asked to be, and whether it is.

A missed goal is shown, never an exit code: on a machine that others use as well, a single figure is noise.
"""

from typing import NamedTuple


class Goal(NamedTuple):
    """A bound on a figure.

    Attributes:
        bound: Value that is asked for.
        unit: Follows the value, such as ``x`` or `` s``.
        at_least: True for a least value, False for a greatest one.
    """

    bound: float
    unit: str = "x"
    at_least: bool = True

    def __str__(self) -> str:
        """Return the goal as a table shows it."""
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{self.unit}"

    def verdict(self, figure: float) -> str:
        """Tell whether a figure keeps the bound."""
        kept = figure >= self.bound if self.at_least else figure <= self.bound
        return "reached" if kept else "missed"


def cells(goal: Goal | None, figure: float) -> tuple[str, str]:
    """Return what stands in the columns goal and verdict: nothing where no goal is set."""
    return ("", "") if goal is None else (str(goal), goal.verdict(figure))
