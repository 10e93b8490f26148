"""One line of the comparison of simulated records with real ones."""

import math
from typing import NamedTuple


class Row(NamedTuple):
    """One quantity of the comparison.

    Attributes:
        quantity: Its name.
        real: Value to meet, None where only a bound is known.
        simulated: Value of the simulation.
        tolerance: As the table shows it, empty for what is only shown.
        kept: Whether the simulated value keeps the tolerance.
    """

    quantity: str
    real: float | None
    simulated: float
    tolerance: str
    kept: bool

    @property
    def verdict(self) -> str:
        """Return a word for the table."""
        return ("kept" if self.kept else "MISSED") if self.tolerance else ""


def within(quantity: str, real: float, simulated: float, tolerance: float) -> Row:
    """Make a row whose value may differ by so much."""
    return Row(quantity, real, simulated, f"+-{tolerance:.3g}", bool(abs(simulated - real) <= tolerance))


def between(quantity: str, real: float | None, simulated: float, bounds: tuple[float, float]) -> Row:
    """Make a row whose value must lie between two others."""
    low, high = bounds
    return Row(quantity, real, simulated, f"{low:g} to {high:g}", bool(low <= simulated <= high))


def shown(quantity: str, real: float, simulated: float) -> Row:
    """Make a row that is not held to anything, unless nothing is known."""
    return Row(quantity, real, simulated, "", not math.isnan(simulated))
