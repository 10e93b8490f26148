"""An evaluation on TensorBoard, and its main columns as a table for the terminal."""

from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from seismic_lightning.evaluation.budget import (
    AGGREGATE_ROW,
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    OTHER_ROW,
    PRIOR_ROW,
    as_matrix,
)
from seismic_lightning.evaluation.result import Evaluation

BOARD_FOLDER = "tensorboard"
MAIN_MEASURES = (
    "skill",
    "anomaly correlation",
    "log spectral distance",
    "multi-resolution distance",
    "PGA bias",
    "PGA residual sd",
    "PGA distribution",
    "PGA scatter about trend over real",
    "ML closure slope",
    "ML closure bias",
    "ML closure sigma over real",
    "S-P error, median",
    "foot before P less real",
    "envelope levels off real",
    "classifier accuracy less real",
    "discriminator accuracy",
    "copies of training records",
    "precision",
    "recall",
)
_SHORT_MEASURES = {
    "multi-resolution distance": "multi-res. distance",
    "PGA scatter about trend over real": "PGA scatter over real",
    "ML closure sigma over real": "ML sigma over real",
    "envelope levels off real": "envelope levels",
    "foot before P less real": "foot less real",
    "classifier accuracy less real": "classifier less real",
    "discriminator accuracy": "discriminator",
    "copies of training records": "copies of training",
}
_SHORT = {
    MEAN_ROW: "mean",
    OTHER_ROW: "other",
    HALVES_ROW: "halves",
    CEILING_ROW: "ceiling",
    CONDITIONAL_ROW: "generated",
    PRIOR_ROW: "prior",
    AGGREGATE_ROW: "aggregate",
}

_CAPTION = (
    "mean, other: guesses that know nothing of the request. halves: half of the real records against the "
    "other half, how far honest records are apart. ceiling: real spectrograms with recovered phase. oracle: "
    "records encoded and decoded. All others: what the model generates."
)


def write_board(evaluation: Evaluation, folder: Path) -> None:
    """Write scalars, figures and notes as TensorBoard's events.

    Args:
        evaluation: What was found out.
        folder: Folder of the run; events lie in ``tensorboard`` below it.
    """
    from torch.utils.tensorboard import SummaryWriter  # here: it takes a second to import

    from seismic_lightning.evaluation.report_figures import figures
    from seismic_lightning.evaluation.report_lines import drawing

    writer = SummaryWriter(str(folder / BOARD_FOLDER))
    known = evaluation.budget[evaluation.budget["absent"].isna()]
    for line in known[["row", "measure", "value"]].itertuples(index=False, name=None):
        row, measure, value = line
        writer.add_scalar(f"{row}/{measure}", float(value), 0)
    with drawing():
        for name, figure in figures(evaluation).items():
            writer.add_figure(name, figure, 0, close=False)
    text = "\n".join(f"- {note}" for note in evaluation.notes)
    writer.add_text("notes", text, 0)
    writer.close()


def main_table(evaluation: Evaluation, title: str) -> Table:
    """Return the main columns of the error budget, measures down and rows across, for a terminal.

    Args:
        evaluation: What was found out.
        title: Of the table.
    """
    matrix = as_matrix(evaluation.budget)
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0)
    table.caption, table.caption_justify = _CAPTION, "left"
    table.add_column("measure", no_wrap=True)
    for row in matrix.index:
        table.add_column(_SHORT.get(str(row), str(row)), justify="right")
    for name in MAIN_MEASURES:
        if name in matrix.columns:
            values = matrix[name].to_numpy(dtype=np.float64)
            cells = [f"{round(value, 2) + 0.0:.2f}" if np.isfinite(value) else "-" for value in values]
            table.add_row(_SHORT_MEASURES.get(name, name), *cells)
    return table
