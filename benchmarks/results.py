"""The tables of ``docs/results.md``: several evaluations beside each other, and the picture of examples.

Run with ``python -m benchmarks.results NAME=FOLDER [NAME=FOLDER ...] [PNG]``, the folders being those that
``seismic-evaluate`` wrote for models judged by the same records. Guesses and the ceiling are those of the
first folder. The picture shows real records of the last folder beside generated ones.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from seismic_lightning.evaluation.board import MAIN_MEASURES
from seismic_lightning.evaluation.budget import CEILING_ROW, HALVES_ROW, MEAN_ROW, OTHER_ROW
from seismic_lightning.evaluation.files import read_evaluation
from seismic_lightning.evaluation.report_figures import examples_figure
from seismic_lightning.evaluation.result import Evaluation

OF_NO_MODEL = (MEAN_ROW, OTHER_ROW, HALVES_ROW, CEILING_ROW)
INTENSITIES = ("PGA", "PGV", "PSA 0.1 s", "PSA 0.3 s", "PSA 1 s", "Arias intensity", "D5-95")
MEASURES = (
    *MAIN_MEASURES[: MAIN_MEASURES.index("PGA bias")],
    "log-FAS Fréchet distance",
    "embedding Fréchet distance",
    *(f"{name} {what}" for name in INTENSITIES for what in ("bias", "residual sd", "distribution")),
    *MAIN_MEASURES[MAIN_MEASURES.index("PGA distribution") + 1 :],
)


def main() -> None:
    named = [word.split("=", 1) for word in sys.argv[1:] if "=" in word]
    pictures = [Path(word) for word in sys.argv[1:] if "=" not in word]
    if not named or len(pictures) > 1:
        sys.exit("usage: python -m benchmarks.results NAME=FOLDER [NAME=FOLDER ...] [PNG]")
    evaluations = {name: read_evaluation(Path(folder)) for name, folder in named}
    sys.stdout.write(markdown(evaluations) + "\n")
    for picture in pictures:
        examples_figure(list(evaluations.values())[-1]).savefig(picture, dpi=110)


def markdown(evaluations: dict[str, Evaluation]) -> str:
    """Return measures down, rows across; the bold header tells the model."""
    columns = dict(columns_of(evaluations))
    measures = [name for name in MEASURES if any(name in column.index for column in columns.values())]
    lines = ["| measure | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in measures:
        cells = [f"{column.get(name, float('nan')):.2f}".replace("nan", "") for column in columns.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def columns_of(evaluations: dict[str, Evaluation]) -> Iterator[tuple[str, "pd.Series[float]"]]:
    """Yield the values of each row by measure, those that no model answers once."""
    for place, (name, evaluation) in enumerate(evaluations.items()):
        for row, lines in evaluation.budget.groupby("row", sort=False):
            values = lines.set_index("measure")["value"]
            if row not in OF_NO_MODEL:
                yield f"{name}: {row}", values
            elif place == 0:
                yield str(row), values


if __name__ == "__main__":
    main()
