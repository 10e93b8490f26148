"""Draw a spectrogram, its reconstruction and their difference, with axes a seismologist can read."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS

UNIT_TEXT = {"counts": "1 count", "mps": "1 m/s", "mps2": "1 m/s²"}
"""What decibels refer to, for each unit of a dataset."""

SHOWN_PERCENTILES = (5.0, 99.8)
"""Part of the input's levels that the colour scale spans, in percent."""
DIFFERENCE_STEP_DB = 5.0
"""The difference's scale ends at a multiple of this."""


class Comparison(NamedTuple):
    """One record and what a model made of it.

    Attributes:
        title: What record it is.
        input_db: ``(C, F, T)`` amplitude in dB.
        reconstruction_db: ``(C, F, T)`` amplitude in dB.
        times_s: ``(T,)`` centres of the frames, from the start of the record.
        frequencies_hz: ``(F,)`` centres of the bins.
        unit: ``counts``, ``mps`` or ``mps2``.
        components: Names of the ``C`` components.
    """

    title: str
    input_db: NDArray[np.float32]
    reconstruction_db: NDArray[np.float32]
    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]
    unit: str
    components: str = COMPONENTS


def draw(comparison: Comparison) -> Figure:
    """Draw one row per component, with one colour bar for levels and one for the difference.

    Args:
        comparison: The record.

    Returns:
        A figure that belongs to no global state.
    """
    n_rows = len(comparison.components)
    height_in = 1.5 + 1.9 * n_rows
    figure = Figure(figsize=(13.0, height_in), dpi=100)
    # Fixed places: a layout engine would take longer than the drawing itself.
    widths = (10, 10, 0.35, 1.9, 10, 0.35)
    grid = figure.add_gridspec(n_rows, len(widths), width_ratios=widths, wspace=0.12, hspace=0.08)
    grid.update(left=0.065, right=0.94, bottom=0.54 / height_in, top=1.0 - 0.79 / height_in)
    difference_db = comparison.reconstruction_db - comparison.input_db
    low_db, high_db = np.percentile(comparison.input_db, SHOWN_PERCENTILES)
    steps = np.ceil(np.percentile(np.abs(difference_db), SHOWN_PERCENTILES[1]) / DIFFERENCE_STEP_DB)
    end_db = DIFFERENCE_STEP_DB * max(1.0, steps)
    extent = (*edges(comparison.times_s), *edges(comparison.frequencies_hz))
    rms_db = float(np.sqrt(np.mean(np.square(difference_db))))
    panels = (
        (0, "Input", comparison.input_db, "magma", (low_db, high_db)),
        (1, "Reconstruction", comparison.reconstruction_db, "magma", (low_db, high_db)),
        (4, f"Reconstruction \u2212 input, RMS {rms_db:.1f} dB", difference_db, "RdBu_r", (-end_db, end_db)),
    )
    for column, title, values_db, colours, limits_db in panels:
        for row, component in enumerate(comparison.components):
            axes = figure.add_subplot(grid[row, column], title=title if row == 0 else "")
            image = paint(axes, values_db[row], extent, colours, limits_db)
            axes.tick_params(labelbottom=row == n_rows - 1, labelleft=column == 0)
            if column == 0:
                axes.set_ylabel(f"{component}   Frequency (Hz)")
        axes.set_xlabel("Time in record (s)")
        if column > 0:
            label = "Difference (dB)" if column > 1 else f"Amplitude (dB re {UNIT_TEXT[comparison.unit]})"
            figure.colorbar(image, cax=figure.add_subplot(grid[:, column + 1]), label=label, extend="both")
    figure.suptitle(
        comparison.title, x=0.065, y=1.0 - 0.25 / height_in, ha="left", fontsize="large", fontweight="bold"
    )
    return figure


def to_pixels(figure: Figure) -> NDArray[np.uint8]:
    """Render a figure without a screen.

    Args:
        figure: Any figure.

    Returns:
        ``(height, width, 3)`` red, green and blue.
    """
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib leaves its canvases untyped
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def edges(centres: NDArray[np.float64]) -> tuple[float, float]:
    """Return the outer edges of evenly spaced cells."""
    half = (centres[1] - centres[0]) / 2 if len(centres) > 1 else 0.5
    return float(centres[0] - half), float(centres[-1] + half)


def paint(
    axes: Axes,
    values_db: NDArray[np.float32],
    extent: tuple[float, float, float, float],
    colours: str,
    limits_db: tuple[float, float],
) -> AxesImage:
    """Fill one pair of axes, low frequencies at the bottom and the half bin below zero cut off."""
    image = axes.imshow(
        values_db,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap=colours,
        vmin=limits_db[0],
        vmax=limits_db[1],
        interpolation="nearest",
    )
    axes.set_ylim(max(extent[2], 0.0), extent[3])
    return image
