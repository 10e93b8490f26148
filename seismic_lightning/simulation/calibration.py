"""How simulated records compare with real ones: one row per quantity, with the tolerance it must keep.

Real figures come from the archive of the original practice (164,269 records of which 129,198 were accepted),
the KOERI bulletin of 2023-12-04 and the continuous records of that morning. What only the simulator knows,
such as corner frequencies, is compared with what is recovered from the waveforms.
"""

import functools
import itertools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation import measures
from seismic_lightning.simulation.block import Block
from seismic_lightning.simulation.by_block import Progress, by_block
from seismic_lightning.simulation.instrument import FULL_SCALE_COUNTS
from seismic_lightning.simulation.magnitude import amplitude_mm, minus_log_a0
from seismic_lightning.simulation.rays import BEFORE_PICK_S, NANOSECONDS_PER_S
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

MIN_RECORDS = 4000
"""Fewer records scatter by more than the tolerances."""
SNR_CDF = {1.0: 0.012, 1.2: 0.042, 1.5: 0.125, 2.0: 0.265, 3.0: 0.439, 5.0: 0.608, 7.0: 0.694, 10.0: 0.767}
"""Share of all records whose largest legacy ratio lies below, from the archive's histogram."""
MIN_SNR = 1.5
ACCEPTED, ACCEPTED_RANGE = 0.7865, (0.75, 0.83)
SMALLEST_MAGNITUDE = 1.0
"""The archive left weaker events out."""
MOMENTS = {"magnitude": (2.045, 0.555), "ln distance": (4.04, 0.588), "depth, km": (9.9, 4.36)}
"""Mean and standard deviation over accepted HH records."""
NOISE_PASSED = {"one component": 0.274, "largest of three": 0.619}
"""Share of windows without an earthquake above MIN_SNR: HHZ of 21 stations; three independent draws."""
LEVELS = (-0.16, -0.22, -0.30, -0.28, -0.55, -0.89, -1.07, -1.19)
"""Median over 38 real HHZ records, in the order of ``measures.LEVEL_WINDOWS_S``."""
LEVEL_MIN_MAGNITUDE, LEVEL_MIN_RATIO = 2.4, 10.0
MEAN_S_MINUS_P_S = -0.08
"""Readings of 219 Sg and their Pg minus the model."""
ML_MIN_MAGNITUDE = 2.5
"""Amplitudes of weaker events are raised by the noise they are read from."""
ML_DISTANCES_KM = (15.0, 30.0, 45.0, 60.0, 80.0, 100.0, 120.0)
CORNER_SOURCES_DEG = {2.0: 0.2, 3.0: 0.2, 4.0: 0.5, 4.9: 0.9}
"""ML of sources and how far north of a quiet station they lie: strong ones farther, lest they clip."""
SLOPE_MAGNITUDES, SLOPE_NORTH_DEG = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5), 0.5
"""ML of sources of one stress drop, and their place: how amplitudes grow with nothing else changing."""
GIVEN_RECORDS, GIVEN_DEPTH_KM = 24, 10.0
"""Records averaged for a given source, and its depth."""
POLARISATION_MIN_SNR = 20.0


class Row(NamedTuple):
    """One quantity of the comparison.

    Attributes:
        quantity: Its name.
        real: Value to meet, None where only a bound is known.
        simulated: Value of the simulation.
        tolerance: As the table shows it, empty for what is only shown.
        kept: Whether the simulated value keeps the tolerance.
    """

    quantity: str
    real: float | None
    simulated: float
    tolerance: str
    kept: bool

    @property
    def verdict(self) -> str:
        """Return a word for the table."""
        return ("kept" if self.kept else "MISSED") if self.tolerance else ""


def within(quantity: str, real: float, simulated: float, tolerance: float) -> Row:
    """Make a row whose value may differ by so much."""
    return Row(quantity, real, simulated, f"+-{tolerance:.3g}", bool(abs(simulated - real) <= tolerance))


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
    measured = by_block(_measured, settings, n_workers=n_workers, progress=progress)
    table = _joined(simulator).join(pd.concat([records for records, _ in measured]))
    return [
        *population_rows(table),
        *noise_rows(table, np.concatenate([noise_snr for _, noise_snr in measured])),
        *level_rows(table),
        *time_rows(table),
        *magnitude_rows(table),
        *scaling_rows(simulator),
        polarisation_row(table),
    ]


@functools.lru_cache(maxsize=1)
def _joined(simulator: Simulator) -> pd.DataFrame:
    """Return the records with magnitude and depth of their events, made once in each process."""
    events = simulator.events()[["local_magnitude", "depth_km"]]
    return simulator.records().join(events, on="event")


def _measured(simulator: Simulator, number: int) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Measure the records of one block, and the ratios of its stations without their earthquakes."""
    noise_snr = measures.legacy_quality(simulator.noise(number)).snr
    return _measure(simulator.block(number), simulator, _joined(simulator)), noise_snr


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
    for name in (*measures.LEVEL_WINDOWS_S, "ratio", "ml", "turned_deg"):
        out[name] = np.nan
    use = np.flatnonzero(sound & (magnitude >= min(LEVEL_MIN_MAGNITUDE, ML_MIN_MAGNITUDE)))
    if use.size == 0:
        return out
    samples, p_s = block.counts[use].astype(np.float64), np.full(use.size, BEFORE_PICK_S)
    levels, ratio = measures.envelope_levels(samples[:, 0], block.sampling_rate_hz, p_s, s_s[use])
    place = rows[use]
    out.loc[place, list(measures.LEVEL_WINDOWS_S)] = levels
    out.loc[place, "ratio"] = ratio
    gain = simulator.network.gain[[simulator.network.index(code) for code in here["station"].iloc[use]], 0]
    velocity = samples[:, 1:] / gain[:, None, None]
    amplitude = amplitude_mm(velocity, block.sampling_rate_hz, BEFORE_PICK_S - 0.5)
    distance_km = here["distance_km"].to_numpy()[use]
    out.loc[place, "ml"] = np.log10(amplitude) + minus_log_a0(distance_km)
    arrival_s = block.truth.p_arrival_s[use]
    estimated_deg = measures.back_azimuth_deg(samples, block.sampling_rate_hz, arrival_s)
    turned = estimated_deg - here["back_azimuth_deg"].to_numpy()[use]
    out.loc[place, "turned_deg"] = (turned + 180.0) % 360.0 - 180.0
    return out


def population_rows(table: pd.DataFrame) -> list[Row]:
    """Compare what the archive's histograms show."""
    rows = [
        within(f"SNR below {snr:g}, share", real, float((table["snr"] < snr).mean()), 0.04)
        for snr, real in SNR_CDF.items()
    ]
    accepted = (table["snr"] > MIN_SNR) & (table["gap"] == 0)
    share, (low, high) = float(accepted.mean()), ACCEPTED_RANGE
    rows.append(Row("accepted, share", ACCEPTED, share, f"{low:g} to {high:g}", low <= share <= high))
    used = table[accepted & (table["family"] == "HH") & (table["local_magnitude"] >= SMALLEST_MAGNITUDE)]
    values = (used["local_magnitude"], np.log(used["distance_km"]), used["depth_km"])
    for (name, (mean, deviation)), column in zip(MOMENTS.items(), values, strict=True):
        rows.append(within(f"{name}, mean", mean, float(column.mean()), 0.1 * mean))
        rows.append(within(f"{name}, deviation", deviation, float(column.std()), 0.1 * deviation))
    hh_share = float((table.loc[accepted, "family"] == "HH").mean())
    rows.append(Row("HH among accepted, share", 0.688, hh_share, "", True))
    rows.append(Row("gap below 0.0204, share", 0.912, float((table["gap"] < 0.0204).mean()), "", True))
    rows.append(Row("records per event", 11.0, len(table) / table["event"].nunique(), "", True))
    return rows


def noise_rows(records: pd.DataFrame, noise_snr: NDArray[np.float64]) -> list[Row]:
    """Compare how much pure noise passes the threshold, each station counted alike as with the real ones."""
    hh = (records["family"] == "HH").to_numpy()
    passed = noise_snr[: hh.size][hh] > MIN_SNR
    both = pd.DataFrame({"one": passed[:, 0], "any": passed.any(axis=1)})
    shares = both.groupby(records["station"].to_numpy()[hh]).mean().mean()
    return [
        within(f"noise above {MIN_SNR:g}, {name}, share", real, float(share), 0.03)
        for (name, real), share in zip(NOISE_PASSED.items(), shares, strict=True)
    ]


def level_rows(table: pd.DataFrame) -> list[Row]:
    """Compare the shape of envelopes."""
    used = table[(table["local_magnitude"] >= LEVEL_MIN_MAGNITUDE) & (table["ratio"] > LEVEL_MIN_RATIO)]
    medians = used[list(measures.LEVEL_WINDOWS_S)].median()
    return [
        within(f"level {name}, dex", real, float(medians[name]), 0.15)
        for name, real in zip(measures.LEVEL_WINDOWS_S, LEVELS, strict=True)
    ]


def time_rows(table: pd.DataFrame) -> list[Row]:
    """Compare S minus P with the model: of the arrivals, and of readings."""
    model_s = table["s_travel_s"] - table["p_travel_s"]
    arrivals = (table["s_arrival_ns"] - table["p_arrival_ns"]) / NANOSECONDS_PER_S - model_s
    read = ((table["s_pick_ns"] - table["p_pick_ns"]).dropna().astype(float)) / NANOSECONDS_PER_S
    median = float((read - model_s[read.index]).median())
    largest = float(arrivals.abs().max())
    return [
        within("arrivals, S - P minus model, largest, s", 0.0, largest, 1e-6),
        within("readings, S - P minus model, median, s", MEAN_S_MINUS_P_S, median, 0.3),
    ]


def magnitude_rows(table: pd.DataFrame) -> list[Row]:
    """Compare magnitudes read from waveforms with those of the events."""
    used = table[(table["local_magnitude"] >= ML_MIN_MAGNITUDE) & table["ml"].notna()]
    used = used[used["distance_km"].between(ML_DISTANCES_KM[0], ML_DISTANCES_KM[-1], inclusive="right")]
    distances = pd.cut(used["distance_km"], list(ML_DISTANCES_KM))
    error = (used["ml"] - used["local_magnitude"]).groupby(distances, observed=False)
    rows = [
        within(f"ML minus true, {low:g}-{high:g} km, median", 0.0, float(value), 0.4)
        for (low, high), value in zip(itertools.pairwise(ML_DISTANCES_KM), error.median(), strict=True)
    ]
    levelled = used["ml"] - error.transform("median")
    spread = float(used["local_magnitude"].var())
    slope = float(used["local_magnitude"].cov(levelled)) / spread if spread > 0 else float("nan")
    return [*rows, Row("ML over true, slope, few strong events", 1.0, slope, "", True)]


def scaling_rows(simulator: Simulator) -> list[Row]:
    """Compare what is recovered from given earthquakes: corner frequencies, and how ML grows."""
    network = simulator.network
    broadband = [row for row, station in enumerate(network.stations) if "HH" in station.families]
    row = broadband[int(np.argmin(network.noise_db[broadband].mean(axis=1)))]

    def synthesise(magnitude: float, north_deg: float) -> list[Block]:
        source = functools.partial(
            simulator.at,
            magnitude=magnitude,
            latitude_deg=float(network.latitude_deg[row]) + north_deg,
            longitude_deg=float(network.longitude_deg[row]),
            depth_km=GIVEN_DEPTH_KM,
            station=network.stations[row].code,
        )
        return [source(seed=seed) for seed in range(GIVEN_RECORDS)]

    rows = []
    for magnitude, north_deg in CORNER_SOURCES_DEG.items():
        blocks = synthesise(magnitude, north_deg)
        true_hz = float(blocks[0].truth.corner_frequency_hz[0])
        fitted_hz = recovered_corner_hz(blocks)
        rows.append(within(f"corner frequency at ML {magnitude:g}, Hz", true_hz, fitted_hz, 0.3 * true_hz))
    amplitudes = []
    for magnitude in SLOPE_MAGNITUDES:
        counts = np.concatenate([block.counts for block in synthesise(magnitude, SLOPE_NORTH_DEG)])
        velocity = counts[:, 1:] / network.gain[row, 0]
        amplitudes.append(np.log10(amplitude_mm(velocity, simulator.rate_hz, BEFORE_PICK_S - 0.5)).mean())
    slope = float(np.polyfit(SLOPE_MAGNITUDES, amplitudes, 1)[0])
    return [*rows, within("ML over true, slope, given sources", 1.0, slope, 0.1)]


def recovered_corner_hz(blocks: Iterable[Block]) -> float:
    """Fit the corner frequency to the mean spectrum of records of one source at one station."""
    spectra = []
    for block in blocks:
        truth = block.truth
        onsets_s = (float(truth.p_arrival_s[0]), float(truth.s_arrival_s[0]))
        path = (float(truth.slant_km[0]), float(truth.kappa_s[0]))
        horizontal = block.counts[0, 1:].astype(np.float64)
        frequency_hz, spectrum = measures.source_spectrum(horizontal, block.sampling_rate_hz, onsets_s, path)
        spectra.append(np.log(spectrum))
    return measures.fitted_corner_hz(frequency_hz, np.exp(np.mean(spectra, axis=0)))


def polarisation_row(table: pd.DataFrame) -> Row:
    """Compare the direction from which P shakes the ground with that of the source."""
    turned_deg = table.loc[table["snr"] > POLARISATION_MIN_SNR, "turned_deg"].dropna()
    total = np.exp(1j * np.deg2rad(turned_deg.to_numpy())).sum()
    mean_deg = float(np.rad2deg(np.angle(total))) if turned_deg.size else float("nan")
    return within("P polarisation minus back-azimuth, mean, deg", 0.0, mean_deg, 5.0)


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
