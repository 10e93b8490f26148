"""A picture of some generated records: what came out, at a glance."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_SHOWN = 8
ROW_HEIGHT_IN, TITLE_HEIGHT_IN, WIDTH_IN = 1.1, 0.9, 13.0
_UNITS = {"counts": "counts", "mps": "m/s", "mps2": "m/s²"}


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
    from matplotlib.figure import Figure  # here: slow to import, and refusals come before any picture

    components = str(records["trace_components"].iloc[0])
    height_in = TITLE_HEIGHT_IN + ROW_HEIGHT_IN * len(records)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=100, layout="constrained")
    figure.suptitle(f"Synthetic, never recorded: {title}")
    panels = figure.subplots(len(records), len(components), squeeze=False, sharex=True)
    for axes, (_, record), samples in zip(panels, records.iterrows(), waveforms, strict=True):
        rate_hz = float(record["trace_sampling_rate_hz"])
        time_s = np.arange(samples.shape[1]) / rate_hz
        largest = float(np.abs(samples).max()) or 1.0
        for panel, trace in zip(axes, samples, strict=True):
            panel.plot(time_s, trace, color="0.2", lw=0.5)
            for column, colour in (
                ("trace_p_arrival_sample", "tab:red"),
                ("trace_s_arrival_sample", "tab:blue"),
            ):
                if pd.notna(record[column]):
                    panel.axvline(float(record[column]) / rate_hz, color=colour, lw=0.8)
            panel.set_ylim(-largest, largest)
            panel.set_xlim(0.0, time_s[-1])
            panel.tick_params(labelsize=7)
        axes[0].set_ylabel(_UNITS[str(record["trace_unit"])], fontsize=8)
        axes[0].set_title(_label(record), loc="left", fontsize=9)
    for panel, component in zip(panels[-1], components, strict=True):
        panel.set_xlabel(f"{component}, time (s); P red, S blue, predicted", fontsize=8)
    figure.savefig(path, metadata={"Description": "Synthetic records of seismic_lightning", "Software": None})


def _label(record: "pd.Series[Any]") -> str:
    station = f"{record['station_network_code']}.{record['station_code']}"
    if pd.isna(record["source_magnitude"]):
        return f"{station} #{record['record'] + 1}"
    return (
        f"M {record['source_magnitude']:.1f}, {record['path_hyp_distance_km']:.0f} km, {station} "
        f"#{record['record'] + 1}"
    )
