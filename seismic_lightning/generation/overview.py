"""A picture of some generated records: what came out, at a glance."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.records.unit_words import prefixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_SHOWN = 8
ROW_HEIGHT_IN, TITLE_HEIGHT_IN, WIDTH_IN = 1.1, 0.9, 13.0
ONSETS = {"P": ("trace_p_arrival_sample", "tab:red"), "S": ("trace_s_arrival_sample", "tab:blue")}
"""Columns of the onsets, and their colours in every figure of this room."""


def shown_records(records: pd.DataFrame) -> list[int]:
    """Choose the records of a picture: of every request one, then a second of each, as far as there is room.

    Args:
        records: Rows with their ``request``, counted from 0.

    Returns:
        At most ``N_SHOWN`` places, rising; of more requests some, evenly spread.
    """
    turn = records.groupby("request", sort=False).cumcount().to_numpy()
    by_turn = np.argsort(turn, kind="stable")
    n_first = int((turn == 0).sum())
    if n_first > N_SHOWN:
        by_turn = by_turn[np.linspace(0, n_first - 1, N_SHOWN).round().astype(int)]
    return sorted(by_turn[:N_SHOWN].tolist())


def save_overview(
    path: Path, records: pd.DataFrame, waveforms: Sequence[NDArray[np.float32]], title: str
) -> None:
    """Draw records, one per row, one component per column.

    Args:
        path: PNG file to write.
        records: Rows of the records shown.
        waveforms: ``(C, N)`` samples of each.
        title: What they are.
    """
    figure = draw_overview(records, waveforms, title)
    figure.savefig(path, metadata={"Description": "Synthetic records of seismic_lightning", "Software": None})


def draw_overview(records: pd.DataFrame, waveforms: Sequence[NDArray[np.float32]], title: str) -> "Figure":
    """Draw records, one per row, one component per column; the components of a record share one scale.

    Args:
        records: Rows of the records shown.
        waveforms: ``(C, N)`` samples of each.
        title: What they are.

    Returns:
        A figure that belongs to no global state.
    """
    from matplotlib.figure import Figure  # here: slow to import, and refusals come before any picture

    components = str(records["trace_components"].iloc[0])
    height_in = TITLE_HEIGHT_IN + ROW_HEIGHT_IN * len(records)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=100, layout="constrained")
    figure.suptitle(f"Synthetic, never recorded: {title}")
    panels = figure.subplots(len(records), len(components), squeeze=False, sharex=True, sharey="row")
    for axes, (_, record), samples in zip(panels, records.iterrows(), waveforms, strict=True):
        largest = float(np.abs(samples).max())
        size, word = prefixed(largest, str(record["trace_unit"]))
        for panel, trace in zip(axes, samples, strict=True):
            _draw_trace(panel, record, trace / size)
        end = 1.1 * largest / size or 1.0
        axes[0].set_ylim(-end, end)
        axes[0].set_ylabel(word, fontsize=9)
        axes[0].set_title(_label(record), loc="left", fontsize=9)
    figure.align_ylabels(panels[:, 0])
    for panel, component in zip(panels[-1], components, strict=True):
        panel.set_xlabel(f"{component}, time (s); P and S as predicted", fontsize=9)
    return figure


def _draw_trace(panel: "Axes", record: "pd.Series[Any]", trace: NDArray[np.float32]) -> None:
    """Draw one component with its onsets."""
    rate_hz = float(record["trace_sampling_rate_hz"])
    time_s = np.arange(len(trace)) / rate_hz
    panel.plot(time_s, trace, color="0.2", lw=0.5)
    for phase, (column, colour) in ONSETS.items():
        if pd.notna(record[column]):
            onset_s = float(record[column]) / rate_hz
            panel.axvline(onset_s, color=colour, lw=0.8)
            place = panel.get_xaxis_transform()
            panel.text(
                onset_s, 0.97, f"{phase} ", color=colour, transform=place, ha="right", va="top", fontsize=8
            )
    panel.set_xlim(0.0, time_s[-1])
    panel.tick_params(labelsize=8)


def _label(record: "pd.Series[Any]") -> str:
    """Name request and record, counted from 1 as in names of files, and what was asked for."""
    number = f"request {record['request'] + 1}, record {record['record'] + 1}"
    station = f"{record['station_network_code']}.{record['station_code']}"
    if pd.isna(record["source_magnitude"]):
        return f"{number}: {station}"
    distance = f"{record['path_hyp_distance_km']:.0f} km"
    return f"{number}: M {record['source_magnitude']:.1f}, {distance} from {station}"
