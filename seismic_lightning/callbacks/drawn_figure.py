"""Recorded and drawn records beside each other: one component's waveform and spectrogram, at one scale."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from seismic_lightning.callbacks.figure import SHOWN_PERCENTILES, UNIT_TEXT, edges, paint
from seismic_lightning.records.unit_words import prefixed

WIDTH_IN, ROW_HEIGHT_IN, TOP_IN, BOTTOM_IN = 15.0, 1.9, 0.75, 0.5
ONSET_COLOURS = {"P": "tab:red", "S": "tab:blue"}
WIDTHS = (10, 10, 1.6, 8, 8, 0.35)
_WAVEFORMS, _LEVELS, _BAR = (0, 1), (3, 4), 5
"""Columns of the grid; the one left out is room for labels."""


class Seen(NamedTuple):
    """One component of one record.

    Attributes:
        waveform: ``(N,)`` samples in the unit of the panel.
        level_db: ``(F, T)`` amplitude in dB.
    """

    waveform: NDArray[np.float32]
    level_db: NDArray[np.float32]


class Pair(NamedTuple):
    """A record, and what a model draws where it is asked for one like it.

    Attributes:
        title: What was asked for.
        onsets_s: Seconds after the first sample of P and S, as far as they are known.
        real: The record.
        drawn: The answer.
    """

    title: str
    onsets_s: Mapping[str, float]
    real: Seen
    drawn: Seen


class Panel(NamedTuple):
    """What is shown at once.

    Attributes:
        pairs: One per row.
        component: Name of the component.
        unit: ``counts``, ``mps`` or ``mps2``.
        rate_hz: Sampling rate of waveforms.
        times_s: ``(T,)`` centres of the frames.
        frequencies_hz: ``(F,)`` centres of the bins.
    """

    pairs: Sequence[Pair]
    component: str
    unit: str
    rate_hz: float
    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]


def draw_panel(panel: Panel) -> Figure:
    """Draw one row per pair; both records of a pair share the scales of the recorded one.

    Only the axis of waveforms also makes room for a drawn record that is stronger.

    Args:
        panel: The records.

    Returns:
        A figure that belongs to no global state.
    """
    n_rows = len(panel.pairs)
    height_in = TOP_IN + ROW_HEIGHT_IN * n_rows + BOTTOM_IN
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=90)
    # Fixed places: a layout engine would take longer than the drawing itself.
    grid = figure.add_gridspec(n_rows, len(WIDTHS), width_ratios=WIDTHS, wspace=0.07, hspace=0.3)
    grid.update(left=0.055, right=0.945, bottom=BOTTOM_IN / height_in, top=1.0 - TOP_IN / height_in)
    for row, pair in enumerate(panel.pairs):
        waveforms, levels = ([figure.add_subplot(grid[row, n]) for n in ns] for ns in (_WAVEFORMS, _LEVELS))
        _draw_waveforms(panel, pair, waveforms)
        image = _draw_levels(panel, pair, levels)
        label = f"dB re {UNIT_TEXT[panel.unit]}"
        figure.colorbar(image, cax=figure.add_subplot(grid[row, _BAR]), label=label, extend="both")
        for axes, source in zip((*waveforms, *levels), ("recorded", "drawn") * 2, strict=True):
            axes.set_title(source, loc="right", fontsize=9)
            axes.tick_params(labelsize=8, labelbottom=row == n_rows - 1)
            if row == n_rows - 1:
                axes.set_xlabel("Time in record (s)", fontsize=9)
        waveforms[0].set_title(pair.title, loc="left", fontsize=9, fontweight="bold")
    title = f"Component {panel.component}; phases of drawn records are recovered"
    figure.suptitle(title, x=0.055, y=1.0 - 0.12 / height_in, ha="left", fontsize="medium")
    return figure


def _draw_waveforms(panel: Panel, pair: Pair, places: Sequence[Axes]) -> None:
    """Draw both waveforms over one axis of amplitude."""
    both = (pair.real.waveform, pair.drawn.waveform)
    largest = max(float(np.abs(waveform).max()) for waveform in both)
    size, word = prefixed(largest, panel.unit)
    for axes, waveform in zip(places, both, strict=True):
        time_s = np.arange(len(waveform)) / panel.rate_hz
        axes.plot(time_s, waveform / size, color="0.2", lw=0.5)
        for phase, onset_s in pair.onsets_s.items():
            axes.axvline(onset_s, color=ONSET_COLOURS[phase], lw=0.8)
        end = 1.1 * largest / size or 1.0
        axes.set(xlim=(0.0, time_s[-1]), ylim=(-end, end))
        axes.xaxis.set_major_locator(MaxNLocator(8, prune="upper"))  # else it touches the neighbour's first
    places[0].set_ylabel(word, fontsize=9)
    places[1].tick_params(labelleft=False)


def _draw_levels(panel: Panel, pair: Pair, places: Sequence[Axes]) -> AxesImage:
    """Draw both spectrograms in the colours that suit the recorded one."""
    low_db, high_db = np.percentile(pair.real.level_db, SHOWN_PERCENTILES)
    extent = (*edges(panel.times_s), *edges(panel.frequencies_hz))
    for axes, level_db in zip(places, (pair.real.level_db, pair.drawn.level_db), strict=True):
        image = paint(axes, level_db, extent, "magma", (float(low_db), float(high_db)))
    places[0].set_ylabel("Frequency (Hz)", fontsize=9)
    places[1].tick_params(labelleft=False)
    return image
