"""Draw the steps between two records: waveforms below each other on one scale, and their spectrograms."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.generation.between import WEIGHT_COLUMN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNIT_TEXT = {"counts": "counts", "mps": "m/s", "mps2": "m/s²"}
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
    unit: str
    components: str


def draw_steps(steps: StepsToDraw) -> "Figure":
    """Draw one row per step: each component's waveform, and the first component's spectrogram.

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
    grid = figure.add_gridspec(n_steps, len(widths), width_ratios=widths, wspace=0.06, hspace=0.0)
    grid.update(
        left=_LABEL_SHARE,
        right=_RIGHT_SHARE,
        bottom=_BOTTOM_IN / height_in,
        top=1.0 - _TOP_IN / height_in,
    )
    peak = max(float(np.abs(steps.waveforms).max()), float(np.finfo(np.float32).tiny))
    low_db, high_db = np.percentile(steps.levels_db, SHOWN_PERCENTILES)
    image: Any = None
    for row in range(n_steps):
        for column in range(n_components):
            axes = figure.add_subplot(grid[row, column])
            _trace(axes, steps, row, column, peak)
            if column == 0:
                axes.set_ylabel(_label(steps.metadata.iloc[row]), rotation=0, ha="right", va="center")
        axes = figure.add_subplot(grid[row, n_components])
        image = _levels(axes, steps, row, (low_db, high_db))
        _tidy(axes, is_last=row == n_steps - 1)
    title = f"{steps.components[0]}, amplitude (dB re 1 {UNIT_TEXT[steps.unit]})"
    figure.colorbar(image, cax=figure.add_subplot(grid[:, -1]), label=title, extend="both")
    scale = (
        f"common scale: \u00b1{peak:.3g} {UNIT_TEXT[steps.unit]}; the number in each panel is its own peak"
    )
    place_in = 1.0 - 0.3 / height_in
    figure.suptitle(steps.title, x=0.01, y=place_in, ha="left", va="center", fontweight="bold")
    figure.text(0.01, 1.0 - 0.6 / height_in, scale, va="center", fontsize="small")
    return figure


def _trace(axes: "Axes", steps: StepsToDraw, row: int, column: int, peak: float) -> None:
    samples = steps.waveforms[row, column]
    time_s = np.arange(len(samples)) / steps.rate_hz - steps.before_p_s
    axes.plot(time_s, samples, linewidth=0.5, color="black")
    axes.set_ylim(-1.05 * peak, 1.05 * peak)
    axes.set_xlim(time_s[0], time_s[-1])
    axes.axvline(0.0, linewidth=0.5, color="tab:red")
    own = f"{float(np.abs(samples).max()):.1e}"
    axes.text(0.99, 0.95, own, transform=axes.transAxes, ha="right", va="top", fontsize="x-small")
    if row == 0:
        axes.set_title(steps.components[column], fontsize="medium")
    axes.set_yticks([])
    _tidy(axes, is_last=row == len(steps.waveforms) - 1)


def _levels(axes: "Axes", steps: StepsToDraw, row: int, limits_db: tuple[float, float]) -> Any:  # noqa: ANN401
    """Fill one panel and return its image, which matplotlib leaves untyped."""
    half_s = 0.5 * float(steps.times_s[1] - steps.times_s[0]) if len(steps.times_s) > 1 else 0.5
    start_s = steps.before_p_s
    image = axes.imshow(
        steps.levels_db[row],
        origin="lower",
        aspect="auto",
        extent=(
            float(steps.times_s[0]) - half_s - start_s,
            float(steps.times_s[-1]) + half_s - start_s,
            0.0,
            float(steps.frequencies_hz[-1]),
        ),
        cmap="magma",
        vmin=limits_db[0],
        vmax=limits_db[1],
        interpolation="nearest",
    )
    axes.set_xlim(-start_s, (steps.waveforms.shape[-1] - 1) / steps.rate_hz - start_s)
    axes.set_ylim(0.0, steps.shown_to_hz)
    axes.set_yticks([])
    if row == 0:
        axes.set_title(f"{steps.components[0]}, 0 to {steps.shown_to_hz:g} Hz", fontsize="medium")
    return image


def _tidy(axes: "Axes", *, is_last: bool) -> None:
    axes.locator_params(axis="x", nbins=5, prune="upper")  # neighbouring panels share their edges
    axes.tick_params(labelbottom=is_last, labelsize="small")
    if is_last:
        axes.set_xlabel("Time after P (s)", fontsize="small")


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
