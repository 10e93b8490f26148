"""How simulated records compare with real ones: one row per quantity, with the tolerance it must keep.

What real records show is compared with :mod:`real_figures`; what only the simulator knows, such as corner
frequencies, with what is recovered from the waveforms.
"""

import functools
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.progress import Progress
from seismic_lightning.records.levels import LEVEL_WINDOWS_S, envelope_levels
from seismic_lightning.records.local_magnitude import amplitude_mm, minus_log_a0
from seismic_lightning.records.polarisation import back_azimuth_deg
from seismic_lightning.simulation import known_truth, measures, real_figures
from seismic_lightning.simulation.block import Block
from seismic_lightning.simulation.by_block import by_block
from seismic_lightning.simulation.comparison import Row
from seismic_lightning.simulation.instrument import FULL_SCALE_COUNTS
from seismic_lightning.simulation.rays import BEFORE_PICK_S
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

MIN_RECORDS = 4000
"""Fewer records scatter by more than the tolerances."""


def calibrate(
    settings: SimulationSettings, *, n_workers: int = 1, progress: Progress | None = None
) -> list[Row]:
    """Simulate and compare.

    Args:
        settings: What to simulate; at least ``MIN_RECORDS`` records for the tolerances to be meaningful.
        n_workers: Processes that simulate and measure.
        progress: Called with the number of measured records and of all records.

    Returns:
        One row per quantity; what too few records leave unknown is NaN, and missed.

    Raises:
        ConfigurationError: The settings ask for BH, which the real figures know nothing of.
    """
    if settings.bh_rate_hz is not None:
        raise ConfigurationError(
            f"bh_rate_hz={settings.bh_rate_hz:g}: the comparison is one of HH records, give null"
        )
    simulator = Simulator(settings)
    records = measured(settings, n_workers=n_workers, progress=progress)
    noise_snr = np.concatenate(by_block(_noise_snr, settings, n_workers=n_workers))[: len(records)]
    strong = known_truth.strong_settings(settings)
    strong_records = None if strong is None else measured(strong, n_workers=n_workers)
    return [
        *real_figures.population_rows(records),
        *real_figures.pick_rows(simulator),
        *real_figures.noise_rows(records, noise_snr),
        *real_figures.level_rows(records),
        *real_figures.reading_rows(records),
        *known_truth.magnitude_rows(strong_records),
        *known_truth.given_rows(simulator),
        *known_truth.polarisation_rows(records),
    ]


def measured(
    settings: SimulationSettings, *, n_workers: int = 1, progress: Progress | None = None
) -> pd.DataFrame:
    """Simulate, and return records, the columns of their events, and what is measured on their waveforms.

    Args:
        settings: What to simulate.
        n_workers: Processes.
        progress: Called with the number of finished records and of all records.
    """
    parts = by_block(_measured, settings, n_workers=n_workers, progress=progress)
    return _joined(Simulator(settings)).join(pd.concat(parts))


def _measured(simulator: Simulator, number: int) -> pd.DataFrame:
    return _measure(simulator.block(number), simulator, _joined(simulator))


def _noise_snr(simulator: Simulator, number: int) -> NDArray[np.float64]:
    """Measure the legacy ratios of a block's stations without their earthquakes."""
    return measures.legacy_quality(simulator.noise(number)).snr


@functools.lru_cache(maxsize=1)
def _joined(simulator: Simulator) -> pd.DataFrame:
    """Return the records with columns of their events, made once in each process."""
    events = simulator.events()[["local_magnitude", "depth_km", "origin_ns"]]
    return simulator.records().join(events, on="event")


def _measure(block: Block, simulator: Simulator, records: pd.DataFrame) -> pd.DataFrame:
    """Measure the records of one block, each quantity where it can be measured."""
    rows = np.arange(block.first, block.first + len(block.counts))
    here = records.iloc[rows]
    quality = measures.legacy_quality(block)
    out = pd.DataFrame(
        {"snr": np.fmax.reduce(quality.snr, axis=1), "gap": quality.gap.max(axis=1)}, index=rows
    )
    clipped = (np.abs(block.counts) >= FULL_SCALE_COUNTS - 1).any(axis=(1, 2))
    sound = (here["family"] == "HH").to_numpy() & (np.array(block.truth.artefacts) == "") & ~clipped
    magnitude = here["local_magnitude"].to_numpy()
    s_s = BEFORE_PICK_S + (here["s_travel_s"] - here["p_travel_s"]).to_numpy()
    for name in (*LEVEL_WINDOWS_S, "ratio", "ml", "turned_deg"):
        out[name] = np.nan
    use = np.flatnonzero(sound & (magnitude >= real_figures.LEVEL_MIN_MAGNITUDE))
    if use.size == 0:
        return out
    samples, p_s = block.counts[use].astype(np.float64), np.full(use.size, BEFORE_PICK_S)
    levels, ratio = envelope_levels(samples[:, 0], block.sampling_rate_hz, p_s, s_s[use])
    place = rows[use]
    out.loc[place, list(LEVEL_WINDOWS_S)] = levels
    out.loc[place, "ratio"] = ratio
    gain = simulator.network.gain[[simulator.network.index(code) for code in here["station"].iloc[use]], 0]
    velocity = samples[:, 1:] / gain[:, None, None]
    amplitude = amplitude_mm(velocity, block.sampling_rate_hz, BEFORE_PICK_S - 0.5)
    distance_km = here["distance_km"].to_numpy()[use]
    out.loc[place, "ml"] = np.log10(amplitude) + minus_log_a0(distance_km)
    arrival_s = block.truth.p_arrival_s[use]
    estimated_deg = back_azimuth_deg(samples, block.sampling_rate_hz, arrival_s)
    turned = estimated_deg - here["back_azimuth_deg"].to_numpy()[use]
    out.loc[place, "turned_deg"] = (turned + 180.0) % 360.0 - 180.0
    return out


def table_text(rows: Iterable[Row], n_records: int) -> str:
    """Return a comparison of so many simulated records as a table."""
    head = f"{n_records} simulated records against real ones"
    if n_records < MIN_RECORDS:
        head += f" (tolerances are meant for at least {MIN_RECORDS})"
    lines = [head, f"{'quantity':48} {'real':>8} {'simulated':>9}  {'tolerance':14} verdict"]
    for row in rows:
        real = "" if row.real is None else f"{row.real:.3f}"
        line = f"{row.quantity:48} {real:>8} {row.simulated:9.3f}  {row.tolerance:14} {row.verdict}"
        lines.append(line.rstrip())
    return "\n".join(lines)
