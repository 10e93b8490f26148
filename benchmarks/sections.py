"""A conditional model asked for growing magnitudes, and for growing distances: to be looked at.

On the left one hypocentre and one station, magnitudes 1.5 to 4.5 at one common scale, and in grey each at its
own; on the right one magnitude at hypocentral distances of 10 to 110 km, each at its own scale. P and S are
where KOERI's layers put them. All rows of a side have the same noise. Below stands the strongest motion of
several draws of each request, whose slope shows growth and decay.

Run with ``python -m benchmarks.sections CHECKPOINT PNG [STATION]``; the station is ISK without.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from seismic_lightning.evaluation.intensity import intensity
from seismic_lightning.evaluation.motion import Quantity, ground_motion
from seismic_lightning.generation.draw import DrawSettings, draw
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.overview import ONSETS
from seismic_lightning.generation.request import ANY_FAMILY, expand
from seismic_lightning.generation.sites import Sites
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import Wanted, parse
from seismic_lightning.records.sphere import EARTH_RADIUS_KM
from seismic_lightning.records.unit_words import amplitude_text

MAGNITUDES = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
DISTANCES_KM = (10.0, 30.0, 50.0, 70.0, 90.0, 110.0)
"""Hypocentral."""
MAGNITUDE, DISTANCE_KM, DEPTH_KM = 3.0, 50.0, 8.0
"""What the other side keeps."""
STATION, AZIMUTH_DEG = "ISK", 250.0
"""Istanbul, and from there along the Sea of Marmara."""
N_DRAWS = 8


class Series(NamedTuple):
    """Answers to requests that differ in one quantity.

    Attributes:
        asked: ``(R,)`` values of that quantity.
        names: What each row is called.
        records: The ``R * N_DRAWS`` records in a dataset's columns.
        waveform: ``(R * N_DRAWS, N)`` samples of the component shown.
        strongest: ``(R, N_DRAWS)`` PGA in m/s², or peak counts; geometric mean over components.
    """

    asked: NDArray[np.float64]
    names: list[str]
    records: pd.DataFrame
    waveform: NDArray[np.float32]
    strongest: NDArray[np.float64]


def main() -> None:
    words = sys.argv[1:]
    if "--help" in words or len(words) not in (2, 3):
        sys.exit("usage: python -m benchmarks.sections CHECKPOINT PNG [STATION]")
    trained = Trained.read(Path(words[0]))
    station = words[2] if len(words) == 3 else STATION
    growing = answered(
        trained,
        [_request(trained, station, magnitude, DISTANCE_KM) for magnitude in MAGNITUDES],
        (MAGNITUDES, "M {:.1f}"),
    )
    far = answered(
        trained,
        [_request(trained, station, MAGNITUDE, distance_km) for distance_km in DISTANCES_KM],
        (DISTANCES_KM, "{:.0f} km"),
    )
    path = Path(words[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(trained, station, growing, far).savefig(path, dpi=100)


def answered(trained: Trained, wanted: Sequence[Wanted], asked: tuple[Sequence[float], str]) -> Series:
    """Draw records of a series.

    Args:
        trained: A conditional model.
        wanted: Requests.
        asked: The values that differ, and how a row is named by its value.
    """
    settings = DrawSettings(sampler=trained.sampler, same_noise=True)
    records = expand(prepare(trained, wanted, settings).requests)
    waveform = np.concatenate(list(draw(trained, records, settings)))
    strongest = 10.0 ** np.log10(peaks(trained, waveform)).mean(axis=1)
    values, name = asked
    return Series(
        asked=np.array(values),
        names=[name.format(value) for value in values],
        records=records,
        waveform=waveform[:, -1],
        strongest=strongest.reshape(len(values), N_DRAWS),
    )


def peaks(trained: Trained, waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return ``(B, C)`` peak ground acceleration in m/s², or peaks of a model of counts.

    Args:
        trained: Tells unit and sampling rate.
        waveform: ``(B, C, N)``.
    """
    if trained.unit == "counts":
        return np.asarray(np.abs(waveform).max(axis=-1), dtype=np.float64)
    quantity: Quantity = "mps" if trained.unit == "mps" else "mps2"
    return intensity(ground_motion(waveform, quantity, trained.rate_hz)).pga_mps2


def _request(trained: Trained, station: str, magnitude: float, distance_km: float) -> Wanted:
    """Ask for draws of a source at a hypocentral distance from a station."""
    site = Sites(trained.conditions, trained.hull, None, trained.components).find(station, ANY_FAMILY, 0)
    angle = np.sqrt(distance_km**2 - DEPTH_KM**2) / EARTH_RADIUS_KM
    azimuth, latitude, longitude = np.deg2rad([AZIMUTH_DEG, site.latitude_deg, site.longitude_deg])
    there = np.arcsin(np.sin(latitude) * np.cos(angle) + np.cos(latitude) * np.sin(angle) * np.cos(azimuth))
    east = np.arctan2(
        np.sin(azimuth) * np.sin(angle) * np.cos(latitude), np.cos(angle) - np.sin(latitude) * np.sin(there)
    )
    return parse(
        {
            "magnitude": magnitude,
            "latitude_deg": float(np.rad2deg(there)),
            "longitude_deg": float(np.rad2deg(longitude + east)),
            "depth_km": DEPTH_KM,
            "station": station,
            "n_records": N_DRAWS,
        }
    )


def drawn(trained: Trained, station: str, growing: Series, far: Series) -> Figure:
    """Lay both series out beside each other.

    Args:
        trained: The model.
        station: Its station.
        growing: Magnitudes.
        far: Distances.
    """
    figure = Figure(figsize=(15.0, 11.5), layout="constrained")
    name = f"{type(trained.model).__name__}, {station}, component {trained.components[-1]}"
    figure.suptitle(f"Synthetic, never recorded: {name}")
    parts: Any = figure.subfigures(1, 2)  # matplotlib's types tell of one part
    left, right = parts
    left.suptitle(f"{DISTANCE_KM:.0f} km; black: common scale, grey: own scale", fontsize=10)
    right.suptitle(f"M {MAGNITUDE:.1f}; each row at its own scale", fontsize=10)
    below = _rows(left, trained, growing, common=True)
    per_unit = np.polyfit(growing.asked, np.log10(growing.strongest).mean(axis=1), 1)[0]
    _curve(below, trained, growing, f"magnitude; {per_unit:.2f} decades per unit")
    below = _rows(right, trained, far, common=False)
    per_decade = np.polyfit(np.log10(far.asked), np.log10(far.strongest).mean(axis=1), 1)[0]
    _curve(below, trained, far, f"hypocentral distance (km); {per_decade:.2f} decades per decade")
    below.set_xscale("log")
    below.set_xticks(far.asked, [f"{value:.0f}" for value in far.asked])
    below.minorticks_off()
    return figure


def _rows(part: SubFigure, trained: Trained, series: Series, *, common: bool) -> Axes:
    """Draw the first record of each request, and return the axes below."""
    n_rows = len(series.asked)
    places = part.subplots(n_rows + 1, 1, height_ratios=[1.0] * n_rows + [2.2])
    first = series.records["record"].to_numpy() == 0
    waveforms, records = series.waveform[first], series.records[first]
    largest = float(np.abs(waveforms).max())
    unit = "counts" if trained.unit == "counts" else "mps2"
    rows = zip(places[:-1], series.names, waveforms, records.to_dict("records"), strict=True)
    for number, (axes, name, waveform, record) in enumerate(rows):
        time_s = np.arange(len(waveform)) / trained.rate_hz
        own = float(np.abs(waveform).max())
        if common:
            axes.plot(time_s, waveform / own, color="0.8", lw=0.4)
        axes.plot(time_s, waveform / (largest if common else own), color="black", lw=0.4)
        for phase, (column, colour) in ONSETS.items():
            if np.isfinite(onset_s := float(record[column]) / trained.rate_hz):
                axes.axvline(onset_s, color=colour, lw=0.9)
                axes.text(onset_s, 0.62, f"{phase} ", color=colour, ha="right", fontsize=8)
        strongest = ("peak " if unit == "counts" else "PGA ") + amplitude_text(
            series.strongest[number, 0], unit
        )
        axes.text(0.99, 0.82, strongest, transform=axes.transAxes, ha="right", fontsize=8)
        axes.set(xlim=(0.0, time_s[-1]), ylim=(-1.05, 1.05), yticks=[])
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        axes.tick_params(labelsize=8, labelbottom=number == n_rows - 1)
    places[-2].set_xlabel("Time in record (s)", fontsize=9)
    below: Axes = places[-1]
    return below


def _curve(axes: Axes, trained: Trained, series: Series, label: str) -> None:
    """Draw how the strongest motion depends on what was asked for."""
    asked = np.repeat(series.asked[:, None], N_DRAWS, axis=1)
    axes.plot(asked, series.strongest, ".", color="0.6")
    mean = 10.0 ** np.log10(series.strongest).mean(axis=1)
    axes.plot(series.asked, mean, "o-", color="black", label=f"geometric mean of {N_DRAWS} draws")
    axes.set_yscale("log")
    axes.set_ylabel("peak (counts)" if trained.unit == "counts" else "PGA (m/s²)", fontsize=9)
    axes.set_xlabel(label, fontsize=9)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


if __name__ == "__main__":
    main()
