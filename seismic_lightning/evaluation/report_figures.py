"""The figures of the report: each narrow enough for a phone, none of them bound to global state."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from seismic_lightning.evaluation.report_lines import INK, drawing, lines_of
from seismic_lightning.evaluation.report_tables import numbers
from seismic_lightning.evaluation.result import REAL, Curves, Evaluation, Example
from seismic_lightning.records.unit_words import UNIT_WORDS, amplitude_text

WIDTH_IN = 4.6
"""Of a figure that a phone shows at its own size."""
REAL_COLOUR, GENERATED_COLOUR = "#2f7fc1", "#d55e00"
MAX_EXAMPLES = 10
LANE = 1.5
"""Room for one component, in largest amplitudes of the pair."""


def figures(evaluation: Evaluation) -> dict[str, Figure]:
    """Draw all figures of an evaluation, such as TensorBoard shows them.

    Args:
        evaluation: What was found out.

    Returns:
        Figures by name; what there is nothing of is left out.
    """
    drawn = {f"closure/{row}": figure for row, figure in closure_figures(evaluation).items()}
    if evaluation.curves.fas:
        drawn["spectra"] = spectra_figure(evaluation.curves, str(evaluation.about["unit"]))
    if evaluation.curves.levels:
        drawn["levels"] = levels_figure(evaluation.curves)
    if evaluation.examples:
        drawn["examples"] = examples_figure(evaluation)
    return drawn


def closure_figures(evaluation: Evaluation) -> dict[str, Figure]:
    """Draw the magnitude read back over the one asked for, one figure per row, real records behind.

    Args:
        evaluation: What was found out.

    Returns:
        Figures by row; rows without a magnitude that could be read are left out.
    """
    clouds = {row: cloud[np.isfinite(cloud).all(axis=1)] for row, cloud in _clouds(evaluation.curves)}
    held = {row: cloud for row, cloud in clouds.items() if len(cloud)}
    if not held:
        return {}
    every = np.concatenate(list(held.values()))
    limits = (float(np.floor(every.min() * 2) / 2), float(np.ceil(every.max() * 2) / 2))
    lines = lines_of(held)
    drawn = {}
    for row, cloud in held.items():
        figure, axes = _closure_panel(row, limits)
        # Thousands of points are smaller as pixels than as shapes.
        if row != REAL and REAL in held:
            axes.plot(*held[REAL].T, ".", ms=3.5, color="#9a9a9a", alpha=0.5, mew=0, rasterized=True)
        axes.plot(*cloud.T, ".", ms=4.5, color=lines[row].colour, alpha=0.6, mew=0, rasterized=True)
        axes.texts[0].set_text(_closure_text(evaluation.budget, row, len(cloud)))
        drawn[row] = figure
    return drawn


def spectra_figure(curves: Curves, unit: str) -> Figure:
    """Draw mean Fourier amplitudes of all rows.

    Args:
        curves: What was found out.
        unit: Of the waveforms: ``counts``, ``mps`` or ``mps2``.

    Returns:
        Amplitude over frequency, both in decades.
    """
    with drawing():
        figure = Figure(figsize=(WIDTH_IN, 4.4), layout="constrained")
        axes = figure.subplots()
        for row, line in lines_of(curves.fas).items():
            width = 2.0 if row == REAL else 1.3
            axes.plot(
                curves.frequency_hz, curves.fas[row], color=line.colour, ls=line.dashes, lw=width, label=row
            )
        axes.set_xscale("log")
        axes.set_xlabel("Frequency (Hz)")
        axes.set_ylabel(f"Mean log10 amplitude ({UNIT_WORDS.get(unit, unit)}·s)")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.25, lw=0.5)
        figure.legend(loc="outside lower left", ncols=2, fontsize=9.5, handlelength=2.4, columnspacing=1.0)
    return figure


def levels_figure(curves: Curves) -> Figure:
    """Draw how strong the parts of a record are against its S, for all rows.

    Args:
        curves: What was found out.

    Returns:
        Median level in dex over parts of the record.
    """
    with drawing():
        figure = Figure(figsize=(WIDTH_IN, 4.8), layout="constrained")
        axes = figure.subplots()
        places = np.arange(len(curves.parts))
        for row, line in lines_of(curves.levels).items():
            width = 2.0 if row == REAL else 1.1
            (drawn,) = axes.plot(places, curves.levels[row], line.dashes, color=line.colour, lw=width)
            drawn.set(marker=line.marker, markersize=4.0, label=row)
        axes.set_xticks(places, curves.parts, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_ylabel("Median level over S (dex)")
        axes.grid(alpha=0.25, lw=0.5)
        figure.legend(loc="outside lower left", ncols=2, fontsize=9.5, handlelength=2.4, columnspacing=1.0)
    return figure


def pair_figure(example: Example) -> Figure:
    """Draw a real record above an answer to it, on one scale and one clock.

    Args:
        example: The pair.

    Returns:
        A figure as wide as a phone; its caption is ``caption(example)``.
    """
    with drawing():
        figure = Figure(figsize=(WIDTH_IN, 0.9 + 0.9 * len(example.components)), layout="constrained")
        panels = figure.subplots(2, 1, sharex=True)
        _draw_pair(panels, example)
        panels[0].set_title("Real", color=REAL_COLOUR)
        panels[1].set_title("Generated", color=GENERATED_COLOUR)
        panels[1].set_xlabel("Time after P (s)")
    return figure


def examples_figure(evaluation: Evaluation) -> Figure:
    """Draw at most ten real records, each beside an answer to it.

    Args:
        evaluation: What was found out, with at least one example.

    Returns:
        One row per pair: the real record left, the generated one right, on one scale.
    """
    shown = evaluation.examples[:MAX_EXAMPLES]
    with drawing():
        height_in = 0.6 + sum(0.45 + 0.42 * len(example.components) for example in shown)
        figure = Figure(figsize=(11.0, height_in), layout="constrained")
        grid = figure.subplots(len(shown), 2, squeeze=False, sharex=True, sharey="row")
        for panels, example in zip(grid, shown, strict=True):
            _draw_pair(panels, example)
            panels[0].set_title(f"Real: {caption(example)}", color=REAL_COLOUR)
            panels[1].set_title(f"Generated: {example.row}", color=GENERATED_COLOUR)
        for axes in grid[-1]:
            axes.set_xlabel("Time after P (s)")
    return figure


def caption(example: Example) -> str:
    """Name a pair by magnitude, distance and station.

    Args:
        example: The pair.
    """
    asked = "" if example.paired else "; the answer was not asked for it"
    return (
        f"M {example.magnitude:.1f}, {example.distance_km:.0f} km, {example.station} {example.family}, "
        f"event {example.event}{asked}"
    )


def _clouds(curves: Curves) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield rows and their magnitudes as ``(M, 2)``."""
    for row, cloud in curves.magnitudes.items():
        yield row, np.asarray(cloud, dtype=np.float64).reshape(-1, 2)


def _closure_panel(row: str, limits: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return empty axes of two magnitudes, with a line where they agree and room for a text."""
    with drawing():
        figure = Figure(figsize=(3.6, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.plot(limits, limits, color=INK, lw=0.7)
        axes.set(xlim=limits, ylim=limits, aspect="equal", title=row)
        axes.set_xlabel("Magnitude asked for")
        axes.set_ylabel("Magnitude read back")
        axes.text(0.03, 0.97, "", transform=axes.transAxes, va="top")
    return figure, axes


def _closure_text(budget: pd.DataFrame, row: str, n_records: int) -> str:
    """Return what the budget says about closure, line by line."""
    held = budget[(budget["row"] == row) & budget["absent"].isna()].set_index("measure")["value"]
    texts = [f"{n_records:,} records"]
    for name in ("slope", "bias", "sigma over real"):
        if (measure := f"ML closure {name}") in held.index:
            texts.append(f"{name} {numbers(held[measure])[0]}")
    return "\n".join(texts)


def _draw_pair(panels: NDArray[Any], example: Example) -> None:
    """Draw a real record into the first panel and its answer into the second, on one scale."""
    together = np.stack([example.real, example.generated])
    largest = float(np.nanmax(np.abs(together), initial=0.0)) or 1.0
    time_s = np.arange(together.shape[-1]) / example.rate_hz - example.p_s
    lanes = -np.arange(len(example.components)) * LANE
    for axes, samples, colour in zip(panels, together, (REAL_COLOUR, GENERATED_COLOUR), strict=True):
        for lane, trace in zip(lanes, samples, strict=True):
            axes.plot(time_s, lane + trace / largest, color=colour, lw=0.5, rasterized=True)
        axes.axvline(0.0, color=INK, lw=0.7, ls=":")
        axes.set_yticks(lanes, list(example.components))
        axes.set_ylim(lanes[-1] - LANE / 1.4, LANE / 1.4)
        axes.margins(x=0.0)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _scale_bar(axes, time_s, amplitude_text(largest, example.unit))


def _scale_bar(axes: Axes, time_s: NDArray[np.float64], text: str) -> None:
    """Draw a bar as long as the largest amplitude of the pair, at the right."""
    axes.plot(
        [1.01, 1.01], [0.0, 1.0], color=INK, lw=1.5, transform=axes.get_yaxis_transform(), clip_on=False
    )
    axes.text(1.02, 0.5, text, transform=axes.get_yaxis_transform(), va="center", rotation=90, fontsize=10.0)
