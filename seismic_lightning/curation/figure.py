"""Records of the strongest earthquakes of a dataset with the onsets on them: do picks fit samples?

Per earthquake, from left to right: the vertical components by distance, and the seconds around P and around
S. The band-pass is causal, so that nothing moves ahead of an onset.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from seismic_lightning.codes import FILL_COUNTS, USABLE_SHARE_OF_NYQUIST
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.errors import ConfigurationError

BAND_HZ = (1.0, 20.0)
ZOOM_S = (-2.0, 4.0)
MAX_EVENTS, MAX_RECORDS = 8, 12
RECORD_HEIGHT_IN, EVENT_HEIGHT_IN, WIDTH_IN = 0.3, 0.9, 13.0
P_COLOUR, S_COLOUR = "tab:red", "tab:blue"


class _Trace(NamedTuple):
    """The vertical component of one record: samples in the band or none, rate, and onsets in samples."""

    label: str
    samples: NDArray[np.float64]
    rate_hz: float
    p_sample: float
    s_sample: float
    start_s: float


def draw_events(dataset: CuratedDataset) -> Figure:
    """Draw the records nearest to each of the strongest earthquakes, at most 8 times 12.

    Args:
        dataset: A curated dataset.

    Returns:
        A figure that belongs to no global state.
    """
    metadata = dataset.metadata
    strongest = metadata.groupby("source_id")["source_magnitude"].max().sort_values(ascending=False)
    shown = [
        metadata[metadata["source_id"] == event].nsmallest(MAX_RECORDS, "path_ep_distance_km")
        for event in strongest.index[:MAX_EVENTS]
    ]
    heights = [EVENT_HEIGHT_IN + RECORD_HEIGHT_IN * len(rows) for rows in shown]
    figure = Figure(figsize=(WIDTH_IN, sum(heights)), dpi=100, layout="constrained")
    panels = figure.subplots(
        len(shown), 3, squeeze=False, height_ratios=heights, width_ratios=(3.0, 1.5, 1.5)
    )
    for axes, rows in zip(panels, shown, strict=True):
        _draw_event(axes, rows, [_trace(dataset, int(row)) for row in rows.index])
    return figure


def save_events(dataset: CuratedDataset, path: Path) -> None:
    """Draw a dataset's strongest earthquakes into a file; its suffix says the format.

    Args:
        dataset: A curated dataset.
        path: File to write, such as ``events.png``.

    Raises:
        ConfigurationError: The suffix is that of no picture.
    """
    check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_events(dataset).savefig(path)


def check_suffix(path: Path) -> None:
    """Refuse a file that no picture can be written to, before there is any.

    Args:
        path: File to write.

    Raises:
        ConfigurationError: The suffix is that of no picture.
    """
    known = sorted(Figure().canvas.get_supported_filetypes())
    if path.suffix.removeprefix(".").lower() not in known:
        raise ConfigurationError(f"figure={path}: give a name that ends in one of .{', .'.join(known)}")


def _trace(dataset: CuratedDataset, row: int) -> _Trace:
    record = dataset.metadata.iloc[row]
    (group,) = dataset.fetch(np.array([row]))
    raw = group.waveform[0, 0].astype(np.float64)
    raw = np.where(raw == FILL_COUNTS, np.nan, raw)
    known = raw[~np.isnan(raw)]
    # A filter that starts at zero needs no time to settle.
    centred = np.nan_to_num(raw - known[0]) if known.size else np.empty(0)
    nyquist_hz = group.sampling_rate_hz / 2
    high_hz = min(BAND_HZ[1], USABLE_SHARE_OF_NYQUIST * nyquist_hz)
    sos = butter(4, [BAND_HZ[0] / nyquist_hz, high_hz / nyquist_hz], "bandpass", output="sos")
    start_s = (record["trace_start_time"] - record["source_origin_time"]).total_seconds()
    label = f"{record['station_code']} {record['path_ep_distance_km']:.0f} km"
    return _Trace(
        label if known.size else f"{label}, no samples",
        np.asarray(sosfilt(sos, centred)) if known.size else centred,
        group.sampling_rate_hz,
        float(record["trace_p_arrival_sample"]),
        float(record["trace_s_arrival_sample"]),
        start_s,
    )


def _draw_event(panels: NDArray[Any], rows: pd.DataFrame, traces: list[_Trace]) -> None:
    """Fill one row of panels: whole records, around P, around S."""
    first = rows.iloc[0]
    kind = first["source_magnitude_type"] if pd.notna(first["source_magnitude_type"]) else "M"
    whole, around_p, around_s = panels
    for place, trace in enumerate(traces):
        time_s = trace.start_s + np.arange(trace.samples.size) / trace.rate_hz
        _paint(whole, place, time_s, trace.samples)
        for axes, sample, colour in (
            (around_p, trace.p_sample, P_COLOUR),
            (around_s, trace.s_sample, S_COLOUR),
        ):
            if np.isnan(sample):
                continue
            whole.vlines(trace.start_s + sample / trace.rate_hz, place - 0.5, place + 0.5, colour, lw=1.2)
            since_s = np.arange(trace.samples.size, dtype=np.float64) - sample
            since_s /= trace.rate_hz
            near = (since_s >= ZOOM_S[0]) & (since_s <= ZOOM_S[1])
            _paint(axes, place, since_s[near], trace.samples[near])
            axes.vlines(0.0, place - 0.5, place + 0.5, colour, lw=1.2)
    whole.set_yticks(range(len(traces)), [trace.label for trace in traces])
    around_p.set_yticks([])
    around_s.set_yticks([])
    for axes in panels:
        axes.set_ylim(len(traces) - 0.3, -0.7)
        axes.margins(x=0.0)
    origin = first["source_origin_time"].strftime("%Y-%m-%d %H:%M:%S")
    whole.set_title(f"{kind} {first['source_magnitude']:.1f}   {origin} UTC", loc="left", fontweight="bold")
    whole.set_xlabel("Time after the origin (s)")
    around_p.set(xlabel="Time after P (s)", title="P", xlim=ZOOM_S)
    around_s.set(xlabel="Time after S (s)", title="S", xlim=ZOOM_S)


def _paint(axes: Axes, place: int, time_s: NDArray[np.float64], samples: NDArray[np.float64]) -> None:
    """Draw one trace, scaled by its own largest sample in view, first record at the top."""
    largest = np.abs(samples).max(initial=0.0) or 1.0
    axes.plot(time_s, place - 0.48 * samples / largest, color="0.2", lw=0.5)
