"""Draw the steps between two records: waveforms below each other on one scale, and their spectrograms."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.generation.between import WEIGHT_COLUMN
from seismic_lightning.generation.overview import ONSETS
from seismic_lightning.records.unit_words import UNIT_WORDS, amplitude_text, prefixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_PERCENTILES = (5.0, 99.8)
"""Part of all levels that the colour scale spans, in percent."""
_WIDTH_IN, _ROW_IN, _TOP_IN, _BOTTOM_IN = 15.0, 0.95, 1.0, 0.6
_LABEL_SHARE, _RIGHT_SHARE = 0.115, 0.935


class StepsToDraw(NamedTuple):
    """What the figure shows.

    Attributes:
        title: One line that says what lies between what.
        metadata: ``S`` rows.
        waveforms: ``(S, C, N)`` in ``unit``.
        levels_db: ``(S, F, T)`` of the first component.
        times_s: ``(T,)`` centres of the frames, from the start of the record.
        frequencies_hz: ``(F,)``.
        shown_to_hz: Upper end of the spectrograms' axis.
        rate_hz: Sampling rate of the waveforms.
        before_p_s: Time from the first sample to P.
        s_after_p_s: ``(S,)``, NaN where S is unknown.
        unit: ``counts``, ``mps`` or ``mps2``.
        components: Names of the ``C`` components.
    """

    title: str
    metadata: pd.DataFrame
    waveforms: NDArray[np.float32]
    levels_db: NDArray[np.float32]
    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]
    shown_to_hz: float
    rate_hz: float
    before_p_s: float
    s_after_p_s: NDArray[np.float64]
    unit: str
    components: str


def draw_steps(steps: StepsToDraw) -> "Figure":
    """Draw the waveforms of each component below each other, and the first component's spectrograms.

    All waveforms share one scale, whose end is the greatest peak; a small step looks small, and its own peak
    is written beside it.

    Args:
        steps: What to draw.

    Returns:
        A figure that belongs to no global state.
    """
    from matplotlib.figure import Figure  # here: slow to import, and refusals come before any picture

    n_steps, n_components = steps.waveforms.shape[:2]
    height_in = _TOP_IN + _BOTTOM_IN + _ROW_IN * n_steps
    figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=100)
    widths = [*[10.0] * n_components, 12.0, 0.3]
    grid = figure.add_gridspec(1, len(widths), width_ratios=widths, wspace=0.06)
    grid.update(
        left=_LABEL_SHARE,
        right=_RIGHT_SHARE,
        bottom=_BOTTOM_IN / height_in,
        top=1.0 - _TOP_IN / height_in,
    )
    peak = max(float(np.abs(steps.waveforms).max()), float(np.finfo(np.float32).tiny))
    for column in range(n_components):
        axes = figure.add_subplot(grid[column], title=steps.components[column])
        _traces(axes, steps, column, peak)
        _tidy(axes, steps)
        if column == 0:
            labels = [_label(record) for _, record in steps.metadata.iterrows()]
            axes.set_yticks(range(n_steps), labels)
            axes.tick_params(axis="y", length=0.0)
    axes = figure.add_subplot(grid[n_components])
    axes.set_title(f"{steps.components[0]}, 0 to {steps.shown_to_hz:g} Hz each")
    image = _spectrograms(axes, steps)
    _tidy(axes, steps)
    levels = f"{steps.components[0]}, amplitude (dB re 1 {UNIT_WORDS[steps.unit]})"
    figure.colorbar(image, cax=figure.add_subplot(grid[-1]), label=levels, extend="both")
    figure.suptitle(steps.title, x=0.01, y=1.0 - 0.3 / height_in, ha="left", va="center", fontweight="bold")
    half, word = amplitude_text(peak, steps.unit), prefixed(peak, steps.unit)[1]
    scale = f"common scale: rows are \u00b1{half} high; the number in a row is its own peak in {word}"
    scale += "; P red, S blue"
    figure.text(0.01, 1.0 - 0.6 / height_in, scale, va="center", fontsize="small")
    return figure


def _traces(axes: "Axes", steps: StepsToDraw, column: int, peak: float) -> None:
    """Draw one component, a row of height 1 for each step."""
    waveforms = steps.waveforms[:, column]
    time_s = np.arange(waveforms.shape[1]) / steps.rate_hz - steps.before_p_s
    size = prefixed(peak, steps.unit)[0]
    for row, samples in enumerate(waveforms):
        axes.plot(time_s, row - 0.48 * samples / peak, linewidth=0.5, color="black")
        own = f"{float(np.abs(samples).max()) / size:.3g}"
        axes.text(time_s[-1], row - 0.45, own, ha="right", va="top", fontsize="x-small")


def _spectrograms(axes: "Axes", steps: StepsToDraw) -> Any:  # noqa: ANN401 - matplotlib leaves it untyped
    """Fill a row of height 1 for each step, and return the last image for the colour bar."""
    low_db, high_db = np.percentile(steps.levels_db, SHOWN_PERCENTILES)
    shown = steps.frequencies_hz <= steps.shown_to_hz
    half_s = 0.5 * float(np.diff(steps.times_s[:2]).sum())
    first_s, last_s = (float(steps.times_s[place]) - steps.before_p_s for place in (0, -1))
    image = None
    for row, levels_db in enumerate(steps.levels_db):
        image = axes.imshow(
            levels_db[shown],
            origin="lower",
            aspect="auto",
            extent=(first_s - half_s, last_s + half_s, row + 0.5, row - 0.5),
            cmap="magma",
            vmin=low_db,
            vmax=high_db,
            interpolation="nearest",
        )
    return image


def _tidy(axes: "Axes", steps: StepsToDraw) -> None:
    """Give all panels the same rows, the same clock and the onsets of each row."""
    n_steps, _, n_samples = steps.waveforms.shape
    axes.set_xlim(-steps.before_p_s, (n_samples - 1) / steps.rate_hz - steps.before_p_s)
    axes.locator_params(axis="x", nbins=5, prune="upper")  # neighbouring panels share their edges
    axes.set_ylim(n_steps - 0.5, -0.5)
    axes.set_yticks([])
    for row in range(1, n_steps):
        axes.axhline(row - 0.5, linewidth=0.5, color="black")
    rows = np.arange(n_steps)
    for onset_s, phase in ((np.zeros(n_steps), "P"), (steps.s_after_p_s, "S")):
        axes.vlines(onset_s, rows - 0.5, rows + 0.5, linewidth=0.8, color=ONSETS[phase][1])
    axes.set_xlabel("Time after P (s)")


def _label(record: "pd.Series[Any]") -> str:
    """Say a step's weight, magnitude, distance and station in three lines."""
    lines = [f"{100.0 * record[WEIGHT_COLUMN]:.0f} %"]
    if pd.notna(record["source_magnitude"]):
        lines[0] += f"   M {record['source_magnitude']:.1f}"
    if pd.notna(record.get("path_hyp_distance_km")):
        lines.append(f"{record['path_hyp_distance_km']:.0f} km")
    if pd.notna(record.get("station_code")):
        lines.append(str(record["station_code"]))
    return "\n".join(lines)
