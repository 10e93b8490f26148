"""One page that tells whether a model's records are earthquakes, for a phone, a screen and paper.

The page needs nothing but itself: styles and figures are part of it, nothing is fetched and nothing runs.
Figures are drawings whose ink follows the page from light to dark; dense lines within them are pixels.
"""

import base64
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from seismic_lightning.evaluation import report_figures, report_lines, report_tables
from seismic_lightning.evaluation.report_glossary import ANSWERS
from seismic_lightning.evaluation.report_standing import Standing, worse_than_mean
from seismic_lightning.evaluation.result import Evaluation
from seismic_lightning.storage import write_atomically

REPORT_FILE = "report.html"
TEMPLATE, STYLE = Path(__file__).with_name("report.html.jinja"), Path(__file__).with_name("report.css")
CHECKPOINTS = "checkpoints"
"""Folder within a run, which tells nothing."""
RASTER_DPI = 160
SIGNS: dict[Standing, str] = {"floor": "●", "near": "◕", "far": "◔", "worse": "✕", "unplaced": ""}
"""Tell what the colour of a cell tells."""
_INK_OF_THE_PAGE = (
    "<style>:root{color:#1c1e21}@media (prefers-color-scheme:dark){:root{color:#e6e8eb}}</style>"
)


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write an evaluation as one self-contained page; the same evaluation gives the same bytes.

    Args:
        evaluation: What was found out.
        folder: Where to, made if missing.

    Returns:
        The page, ``report.html``.

    Raises:
        StorageError: The page cannot be written.
    """
    path = folder / REPORT_FILE
    write_atomically(path, render(evaluation).encode())
    return path


def render(evaluation: Evaluation) -> str:
    """Return the page as text.

    Args:
        evaluation: What was found out.
    """
    from jinja2 import Environment, StrictUndefined  # here: an evaluation within a program needs no page

    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    plain, settings = _about(evaluation.about)
    parts = {
        "closure": [
            (row, _embedded(figure)) for row, figure in report_figures.closure_figures(evaluation).items()
        ],
        "bins": report_tables.bin_tables(evaluation.bins),
        "curves": list(_curves(evaluation)),
        "examples": [
            (f"{one.row}: {report_figures.caption(one)}", _embedded(report_figures.pair_figure(one)))
            for one in evaluation.examples[: report_figures.MAX_EXAMPLES]
        ],
    }
    return page.render(
        title=f"Is it an earthquake? {run_and_file(evaluation.about.get('checkpoint', ''))}".strip(),
        style=STYLE.read_text(encoding="utf-8"),
        about=plain,
        settings=settings,
        notes=evaluation.notes,
        contents=[(name, heading) for name, heading in _HEADINGS.items() if parts.get(name, True)],
        standings=report_tables.STANDING_WORDS,
        faults=worse_than_mean(evaluation.budget),
        answers=[(row, ANSWERS[row]) for row in evaluation.budget["row"].unique() if row in ANSWERS],
        signs=SIGNS,
        verdicts=report_tables.verdicts(evaluation.budget),
        tables=report_tables.budget_tables(evaluation.budget),
        glossary=report_tables.glossary(evaluation.budget),
        **parts,
    )


_FIRST = {
    "checkpoint": "checkpoint",
    "model": "model",
    "dataset": "dataset",
    "subset": "split",
    "n_records": "records",
    "n_events": "events",
    "unit": "unit",
    "seed": "seed",
    "version": "version",
}
"""What a reader asks first of an evaluation, and how it is called on the page."""
_HEADINGS = {
    "budget": "Error budget",
    "closure": "Magnitude closure",
    "bins": "Residuals by bin",
    "curves": "Spectra and envelopes",
    "examples": "Real beside generated",
    "glossary": "What the measures are",
}

_OF_HALVES = "Split-half is one half of the real records: how far it is from all of them is chance."


def run_and_file(checkpoint: object) -> str:
    """Return the parts of a path that name run and file.

    Args:
        checkpoint: Path, or nothing.

    Example:
        >>> run_and_file("outputs/train/2026-11-22_cvae/checkpoints/best.ckpt")
        '2026-11-22_cvae/best.ckpt'
    """
    return "/".join([part for part in Path(str(checkpoint)).parts if part != CHECKPOINTS][-2:])


def _about(about: Mapping[str, object]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Part what was judged into what a reader asks first and all the rest."""
    first = [(words, str(about[name])) for name, words in _FIRST.items() if name in about]
    rest = [line for name, value in about.items() if name not in _FIRST for line in _flat(name, value)]
    return first, rest


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested settings with dotted names."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _flat(f"{name}.{key}", below)
    else:
        yield name, str(value)


def _curves(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    if evaluation.curves.fas:
        caption = f"Mean Fourier amplitude spectrum, smoothed, of each row. {_OF_HALVES}"
        yield (
            caption,
            _embedded(report_figures.spectra_figure(evaluation.curves, str(evaluation.about["unit"]))),
        )
    if evaluation.curves.levels:
        caption = (
            "Median envelope level of the parts of a record over that of S, from the first P to the coda. "
            f"{_OF_HALVES}"
        )
        yield caption, _embedded(report_figures.levels_figure(evaluation.curves))


def _embedded(figure: Figure) -> str:
    """Return a figure as the address of an image that holds it."""
    target = io.BytesIO()
    # Texts stay texts; without a salt and a date of its own every drawing would differ.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": REPORT_FILE}):
        FigureCanvasSVG(figure)
        figure.savefig(
            target,
            format="svg",
            dpi=RASTER_DPI,
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    drawing = target.getvalue().decode().replace(report_lines.INK, "currentColor")
    drawing = drawing.replace("<defs>", f"{_INK_OF_THE_PAGE}<defs>", 1)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
