"""What only a simulator knows, recovered from its waveforms: magnitudes, corners, onsets, directions."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.records.brune import fitted_corner_hz, source_spectrum
from seismic_lightning.records.local_magnitude import MIN_MAGNITUDE, amplitude_mm
from seismic_lightning.simulation import measures, source
from seismic_lightning.simulation.block import Block
from seismic_lightning.simulation.comparison import Row, between, within
from seismic_lightning.simulation.rays import BEFORE_PICK_S
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

ML_DISTANCES_KM = (15.0, 30.0, 45.0, 60.0, 80.0, 100.0, 120.0)
CORNER_SOURCES_DEG = {2.0: 0.2, 3.0: 0.2, 4.0: 0.5, 4.9: 0.9}
"""ML of sources and how far north of a quiet station they lie: strong ones farther, lest they clip."""
SLOPE_MAGNITUDES, SLOPE_NORTH_DEG = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5), 0.5
"""ML of sources of one stress drop, and their place: how amplitudes grow with nothing else changing."""
ONSET_MAGNITUDE, ONSET_NORTH_DEG = 3.0, (0.15, 0.3, 0.6, 0.9)
"""A source whose onsets no noise hides, and its places; spectra without phase smear stronger ones' onsets."""
ONSET_TOLERANCE_S = 0.15
"""S rises gradually out of the coda of P."""
GIVEN_RECORDS, GIVEN_DEPTH_KM = 24, 10.0
"""Records averaged for a given source, and its depth."""
POLARISATION_MIN_SNR = 20.0
POLARISATION_SCATTER_DEG = (5.0, 30.0)
"""P is rectilinear but for a part that differs between components and one across the ray."""


def strong_settings(settings: SimulationSettings) -> SimulationSettings | None:
    """Return the settings of a population of strong events alone, None where there are none."""
    if settings.max_magnitude <= MIN_MAGNITUDE:
        return None
    return dataclasses.replace(settings, min_magnitude=max(settings.min_magnitude, MIN_MAGNITUDE))


def magnitude_rows(table: pd.DataFrame | None) -> list[Row]:
    """Compare magnitudes read from waveforms with those of the events.

    The slope is that of a line fitted to magnitudes read, less their median error at that distance, over the
    magnitudes of the events, which are exact.

    Args:
        table: Measured records of strong events; None if there are none.
    """
    names = [
        f"ML minus true, {low:g}-{high:g} km, median" for low, high in itertools.pairwise(ML_DISTANCES_KM)
    ]
    if table is None:
        medians, slope = [np.nan] * len(names), np.nan
    else:
        used = table[table["ml"].notna()]
        used = used[used["distance_km"].between(ML_DISTANCES_KM[0], ML_DISTANCES_KM[-1], inclusive="right")]
        distances = pd.cut(used["distance_km"], list(ML_DISTANCES_KM))
        error = (used["ml"] - used["local_magnitude"]).groupby(distances, observed=False)
        medians = list(error.median())
        levelled = used["ml"] - error.transform("median")
        spread = float(used["local_magnitude"].var())
        slope = float(used["local_magnitude"].cov(levelled)) / spread if spread > 0 else np.nan
    return [
        *(within(name, 0.0, float(value), 0.4) for name, value in zip(names, medians, strict=True)),
        within(f"ML over true, slope, all events of ML >= {MIN_MAGNITUDE:g}", 1.0, slope, 0.1),
    ]


def given_rows(simulator: Simulator) -> list[Row]:
    """Compare what is recovered from given earthquakes north of the quietest broadband station."""
    network = simulator.network
    broadband = [row for row, station in enumerate(network.stations) if "HH" in station.families]
    row = broadband[int(np.argmin(network.noise_db[broadband].mean(axis=1)))]

    def synthesise(magnitude: float, north_deg: float, first_seed: int) -> list[Block]:
        draw = functools.partial(
            simulator.at,
            magnitude=magnitude,
            latitude_deg=float(network.latitude_deg[row]) + north_deg,
            longitude_deg=float(network.longitude_deg[row]),
            depth_km=GIVEN_DEPTH_KM,
            station=network.stations[row].code,
        )
        return [draw(seed=first_seed + number) for number in range(GIVEN_RECORDS)]

    return [
        *_corner_rows(synthesise),
        _slope_row(synthesise, float(network.gain[row, 0])),
        _onset_row(synthesise),
    ]


Synthesise = Callable[[float, float, int], list[Block]]
"""Of a magnitude, a place and a first seed."""


def _corner_rows(synthesise: Synthesise) -> list[Row]:
    rows = []
    for place, (magnitude, north_deg) in enumerate(CORNER_SOURCES_DEG.items()):
        blocks = synthesise(magnitude, north_deg, 1000 * place)
        true_hz = float(blocks[0].truth.corner_frequency_hz[0])
        fitted_hz = recovered_corner_hz(blocks)
        rows.append(within(f"corner frequency at ML {magnitude:g}, Hz", true_hz, fitted_hz, 0.3 * true_hz))
    return rows


def _slope_row(synthesise: Synthesise, gain: float) -> Row:
    amplitudes = []
    for place, magnitude in enumerate(SLOPE_MAGNITUDES):
        blocks = synthesise(magnitude, SLOPE_NORTH_DEG, 10_000 + 1000 * place)
        velocity = np.concatenate([block.counts for block in blocks])[:, 1:] / gain
        rate_hz = blocks[0].sampling_rate_hz
        amplitudes.append(np.log10(amplitude_mm(velocity, rate_hz, BEFORE_PICK_S - 0.5)).mean())
    slope = float(np.polyfit(SLOPE_MAGNITUDES, amplitudes, 1)[0])
    return within("ML over true, slope, given sources", 1.0, slope, 0.1)


def _onset_row(synthesise: Synthesise) -> Row:
    """Compare S - P as waveforms show it with the model's: the largest difference over distances."""
    errors_s = []
    for place, north_deg in enumerate(ONSET_NORTH_DEG):
        blocks = synthesise(ONSET_MAGNITUDE, north_deg, 20_000 + 1000 * place)
        truth = blocks[0].truth
        found_s = s_minus_p_s(np.concatenate([block.counts for block in blocks]), blocks[0].sampling_rate_hz)
        errors_s.append(found_s - float(truth.s_arrival_s[0] - truth.p_arrival_s[0]))
    largest_s = errors_s[int(np.argmax(np.abs(errors_s)))]
    return within("waveforms, S - P minus model, largest, s", 0.0, largest_s, ONSET_TOLERANCE_S)


def s_minus_p_s(counts: NDArray[np.int32], rate_hz: float) -> float:
    """Read S - P from the mean energy of records of one source to the north.

    Args:
        counts: ``(n, 3, N)``; E is across the ray.
        rate_hz: Sampling rate.
    """
    energy = measures.mean_energy(counts.astype(np.float64), rate_hz)
    p_s = measures.onset_s(energy[0], rate_hz, 0.0)
    return measures.onset_s(energy[2], rate_hz, p_s + 1.0) - p_s


def recovered_corner_hz(blocks: Iterable[Block]) -> float:
    """Fit the corner frequency to the mean spectrum of records of one source at one station."""
    spectra = []
    for block in blocks:
        truth = block.truth
        onsets_s = (float(truth.p_arrival_s[0]), float(truth.s_arrival_s[0]))
        t_star_s = functools.partial(
            source.t_star_s, distance_km=float(truth.slant_km[0]), kappa_s=float(truth.kappa_s[0])
        )
        horizontal = block.counts[0, 1:].astype(np.float64)
        frequency_hz, spectrum = source_spectrum(horizontal, block.sampling_rate_hz, onsets_s, t_star_s)
        spectra.append(np.log(spectrum))
    return fitted_corner_hz(frequency_hz, np.exp(np.mean(spectra, axis=0)))


def polarisation_rows(table: pd.DataFrame) -> list[Row]:
    """Compare the direction from which P shakes the ground with that of the source."""
    turned_deg = table.loc[table["snr"] > POLARISATION_MIN_SNR, "turned_deg"].dropna()
    resultant = np.exp(1j * np.deg2rad(turned_deg.to_numpy())).mean() if turned_deg.size else np.nan
    mean_deg = float(np.rad2deg(np.angle(resultant)))
    middle_deg = float((turned_deg - mean_deg).abs().median())
    return [
        within("P polarisation minus back-azimuth, mean, deg", 0.0, mean_deg, 5.0),
        between("P polarisation about it, median, deg", None, middle_deg, POLARISATION_SCATTER_DEG),
    ]
