"""An evaluation on TensorBoard, and its main columns as a table for the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

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
from seismic_lightning.evaluation.report_standing import BASELINES, FLOORS, REBUILT_ROWS
from seismic_lightning.evaluation.result import Evaluation

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

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
COMPARED_MEASURES = (
    "skill",
    "log spectral distance",
    "PGA bias",
    "PGA scatter about trend over real",
    "ML closure slope",
    "ML closure bias",
    "discriminator accuracy",
)
"""Of the rows of models, for a table of evaluations."""
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
    """Write scalars, figures, tables and notes as TensorBoard's events.

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
    writer.add_text("notes", "\n".join(f"- {note}" for note in evaluation.notes), 0)
    writer.add_text("error budget", budget_text(evaluation), 0)
    _declare(writer, evaluation)
    writer.close()


def budget_text(evaluation: Evaluation) -> str:
    """Return the whole error budget as Markdown, a table per family, measures down and rows across.

    Args:
        evaluation: What was found out.
    """
    from seismic_lightning.evaluation.report_tables import budget_tables

    parts = []
    for table in budget_tables(evaluation.budget):
        lines = [line for _, group in table.groups for line in group]
        heads = [_SHORT.get(line.name, line.name) for line in lines]
        parts += [f"### {table.title}", "", f"| | {' | '.join(heads)} |", "|---" * (1 + len(lines)) + "|"]
        for place, head in enumerate(table.heads):
            name = f"{head.name} ({head.unit + '; ' if head.unit else ''}{head.best})"
            cells = [line.cells[place].value or "\u2013" for line in lines]
            parts.append(f"| {name} | {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def _declare(writer: "SummaryWriter", evaluation: Evaluation) -> None:
    """Let the HPARAMS tab set evaluations beside each other: what was judged, and a few of the results."""
    from torch.utils.tensorboard.summary import hparams

    from seismic_lightning.evaluation.report import run_and_file

    known = evaluation.budget[evaluation.budget["absent"].isna()]
    of_model = known[~known["row"].isin(BASELINES + FLOORS) & known["measure"].isin(COMPARED_MEASURES)]
    of_model = of_model.sort_values("row", key=lambda row: row.isin(REBUILT_ROWS), kind="stable")
    tags = (of_model["row"] + "/" + of_model["measure"]).tolist()
    about = {name: str(value) for name, value in evaluation.about.items()}
    values = {name: about[name] for name in about if name in ("model", "subset", "n_records")}
    values["checkpoint"] = run_and_file(about.get("checkpoint", ""))
    values["dataset"] = Path(about.get("dataset", "")).name
    untyped: Any = hparams  # results are declared by name, their values are those of the scalars
    for summary in untyped(values, dict.fromkeys(tags, 0.0)):
        cast(Any, writer).file_writer.add_summary(summary)


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
