"""An evaluation as files: JSON from which it can be had back, tables as CSV, samples as NumPy's."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.result import Curves, Evaluation, Example
from seismic_lightning.storage import write_atomically

JSON_FILE, EXAMPLES_FILE = "evaluation.json", "examples.npz"
BUDGET_FILE, BINS_FILE = "budget.csv", "bins.csv"
_SAMPLES = ("real", "generated")


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write all that an evaluation holds.

    Args:
        evaluation: What was found out.
        folder: Where to: ``evaluation.json`` with everything but samples, ``examples.npz`` with these, and
            both tables as CSV.

    Raises:
        StorageError: A file cannot be written.
    """
    write_atomically(folder / JSON_FILE, as_json(evaluation).encode())
    content = io.BytesIO()
    samples = {
        f"{name}_{number}": getattr(example, name)
        for number, example in enumerate(evaluation.examples)
        for name in _SAMPLES
    }
    np.savez(content, allow_pickle=False, **samples)
    write_atomically(folder / EXAMPLES_FILE, content.getvalue())
    write_atomically(folder / BUDGET_FILE, evaluation.budget.to_csv(index=False).encode())
    write_atomically(folder / BINS_FILE, evaluation.bins.to_csv(index=False).encode())


def as_json(evaluation: Evaluation) -> str:
    """Return everything but samples as JSON; what is not a number becomes null.

    Args:
        evaluation: What was found out.
    """
    curves = evaluation.curves
    content = {
        "about": evaluation.about,
        "notes": evaluation.notes,
        "budget": evaluation.budget.to_dict("records"),
        "bins": evaluation.bins.to_dict("records"),
        "curves": {
            "frequency_hz": curves.frequency_hz.tolist(),
            "parts": list(curves.parts),
            **{
                name: {row: values.tolist() for row, values in getattr(curves, name).items()}
                for name in ("fas", "levels", "magnitudes")
            },
        },
        "examples": [
            {name: value for name, value in example._asdict().items() if name not in _SAMPLES}
            for example in evaluation.examples
        ],
    }
    return json.dumps(_finite(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_evaluation(folder: Path) -> Evaluation:
    """Read what ``write_evaluation`` wrote.

    Args:
        folder: Of a run.

    Raises:
        EvaluationError: A file is missing or damaged.
    """
    try:
        content = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        with np.load(folder / EXAMPLES_FILE, allow_pickle=False) as samples:
            examples = [
                Example(**example, **{name: samples[f"{name}_{number}"] for name in _SAMPLES})
                for number, example in enumerate(content["examples"])
            ]
        curves = content["curves"]
        return Evaluation(
            budget=_table(content["budget"], ("value", "low", "high")),
            bins=_table(content["bins"], ("bias", "sd")),
            examples=examples,
            curves=Curves(
                _array(curves["frequency_hz"]),
                {row: _array(values) for row, values in curves["fas"].items()},
                tuple(curves["parts"]),
                {row: _array(values) for row, values in curves["levels"].items()},
                {row: _array(values).reshape(-1, 2) for row, values in curves["magnitudes"].items()},
            ),
            notes=content["notes"],
            about=content["about"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"{folder}: holds no evaluation that can be read ({error})") from error


def _table(lines: list[dict[str, Any]], numbers: tuple[str, ...]) -> pd.DataFrame:
    """Return lines as a table whose numbers are NaN where they were null."""
    table = pd.DataFrame(lines)
    return table.astype({name: np.float64 for name in numbers if name in table})


def _array(values: list[Any]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _finite(content: Any) -> Any:  # noqa: ANN401 - a plain tree of anything
    """Return plain values without NaN, which JSON does not know."""
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, np.generic):
        return _finite(content.item())
    return None if isinstance(content, float) and not np.isfinite(content) else content
