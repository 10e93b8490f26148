"""How figures of the report look: one ink for texts and axes, and a line of its own for each row.

A page may exchange the ink for its own. Colours of lines are told apart by colour-blind eyes on white and on
black, and dashes and markers differ as well.

References:
    Okabe, M. and Ito, K. (2008), Color universal design, https://jfly.uni-koeln.de/color/.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib

from seismic_lightning.evaluation.budget import (
    AGGREGATE_ROW,
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    ORACLE_ROW,
    OTHER_ROW,
    PRIOR_ROW,
)
from seismic_lightning.evaluation.result import REAL

INK = "#1c1e21"


class Line(NamedTuple):
    """How one row is drawn wherever it occurs: colour, dashes and marker."""

    colour: str
    dashes: str
    marker: str


LINES = {
    REAL: Line(INK, "-", "o"),
    MEAN_ROW: Line("#a6761d", ":", "x"),
    OTHER_ROW: Line("#a6761d", "--", "+"),
    HALVES_ROW: Line("#56b4e9", "-.", "|"),
    CEILING_ROW: Line("#cc79a7", "--", "^"),
    ORACLE_ROW: Line("#009e73", "-.", "s"),
    CONDITIONAL_ROW: Line("#d55e00", "-", "D"),
    PRIOR_ROW: Line("#2f7fc1", "--", "v"),
    AGGREGATE_ROW: Line("#b0404f", ":", "*"),
}
SPARE_LINES = (Line("#7b6ee0", "-", "P"), Line("#e69f00", "-.", "X"))


@contextmanager
def drawing() -> Iterator[None]:
    """Draw texts and axes in ``INK``, thin and small, for as long as the block lasts."""
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    style: Any = dict.fromkeys(inked, INK)
    style |= {"font.size": 10.0, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.7}
    style |= {
        "text.parse_math": False,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "legend.frameon": False,
    }
    with matplotlib.rc_context(style):
        yield


def lines_of(rows: Iterable[str]) -> dict[str, Line]:
    """Return how each row is drawn; rows without a line of their own take the spare ones in turn.

    Args:
        rows: Names of rows.
    """
    rows = list(rows)
    unknown = [row for row in rows if row not in LINES]
    spare = {row: SPARE_LINES[place % len(SPARE_LINES)] for place, row in enumerate(unknown)}
    return {row: LINES.get(row) or spare[row] for row in rows}
