"""What is known of real records, and the rows that compare simulated ones with it.

The archive of the original practice had 164,269 records, of which 129,198 were accepted; its histograms are
known. The KOERI bulletin of 2023-12-04 gives readings (111 earthquakes, 1,521 Pg and 219 Sg), the continuous
records of 21 stations of that morning give noise and envelopes.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.records.levels import LEVEL_WINDOWS_S
from seismic_lightning.simulation.comparison import Row, between, shown, within
from seismic_lightning.simulation.detection import make_population
from seismic_lightning.simulation.simulator import Simulator

SNR_CDF = {1.0: 0.012, 1.2: 0.042, 1.5: 0.125, 2.0: 0.265, 3.0: 0.439, 5.0: 0.608, 7.0: 0.694, 10.0: 0.767}
"""Share of all records whose largest legacy ratio lies below, from the archive's histogram."""
MIN_SNR = 1.5
ACCEPTED, ACCEPTED_RANGE = 0.7865, (0.75, 0.83)
SMALLEST_MAGNITUDE = 1.0
"""The archive left weaker events out."""
MOMENTS = {"magnitude": (2.045, 0.555), "ln distance": (4.04, 0.588), "depth, km": (9.9, 4.36)}
"""Mean and standard deviation over accepted HH records."""
HH_SHARE, HH_TOLERANCE = 0.688, 0.05
RECORDS_PER_EVENT, RECORDS_TOLERANCE = 11.0, 1.1
PICKS = {1.0: 5.8, 1.5: 9.9, 2.0: 16.5, 2.5: 23.0, 3.0: 28.0, 3.5: 31.0}
"""Pg per earthquake of the bulletin, by ML to the nearest half."""
PICKS_HELD_TO, PICKS_TOLERANCE = 2.5, 3.0
"""Stronger earthquakes are read at stations that the simulated network does not have."""
PICKS_FACTOR = 5
"""Events without waveforms are cheap, and few are strong: this many times the records are drawn."""
NOISE_PASSED = {"one component": 0.274, "largest of three": 0.619}
"""Share of windows without an earthquake above MIN_SNR: HHZ of 21 stations; three independent draws."""
LEVELS = (-0.16, -0.22, -0.30, -0.28, -0.55, -0.89, -1.07, -1.19)
"""Median over 38 real HHZ records, in the order of ``LEVEL_WINDOWS_S``."""
LEVEL_MIN_MAGNITUDE, LEVEL_MIN_RATIO = 2.4, 10.0
S_SHARE, S_SHARE_TOLERANCE = 0.144, 0.02
P_SCATTER_S, S_SCATTER_S, S_MINUS_P_S = 0.272, 0.165, (-0.083, 0.259)
"""Deviation of Pg and of Sg from the model; mean and deviation of S - P minus the model."""
READING_TOLERANCE_S = 0.03


def moment_rows(records: pd.DataFrame) -> list[Row]:
    """Compare magnitudes, distances and depths of HH records.

    Args:
        records: ``Simulator.records()`` with ``local_magnitude`` and ``depth_km`` of their events; those that
            the archive would have are taken.
    """
    used = records[(records["family"] == "HH") & (records["local_magnitude"] >= SMALLEST_MAGNITUDE)]
    values = (used["local_magnitude"], np.log(used["distance_km"]), used["depth_km"])
    rows = []
    for (name, (mean, deviation)), column in zip(MOMENTS.items(), values, strict=True):
        rows.append(within(f"{name}, mean", mean, float(column.mean()), 0.1 * mean))
        rows.append(within(f"{name}, deviation", deviation, float(column.std()), 0.1 * deviation))
    return rows


def population_rows(table: pd.DataFrame) -> list[Row]:
    """Compare what the archive's histograms show."""
    rows = [
        within(f"SNR below {snr:g}, share", real, float((table["snr"] < snr).mean()), 0.04)
        for snr, real in SNR_CDF.items()
    ]
    accepted = table[(table["snr"] > MIN_SNR) & (table["gap"] == 0)]
    hh_share = float((accepted["family"] == "HH").mean())
    per_event = len(table) / table["event"].nunique()
    return [
        *rows,
        between("accepted, share", ACCEPTED, len(accepted) / len(table), ACCEPTED_RANGE),
        *moment_rows(accepted),
        within("HH among accepted, share", HH_SHARE, hh_share, HH_TOLERANCE),
        within("records per event", RECORDS_PER_EVENT, per_event, RECORDS_TOLERANCE),
        shown("gap below 0.0204, share", 0.912, float((table["gap"] < 0.0204).mean())),
    ]


def pick_rows(simulator: Simulator) -> list[Row]:
    """Compare how many stations read an earthquake, whether they have a record of it or not."""
    n_records = PICKS_FACTOR * simulator.settings.n_records
    population = make_population(simulator.settings, simulator.network, n_records)
    magnitude = np.round(2 * population.events.local_magnitude) / 2
    picks = pd.Series(population.n_read).groupby(magnitude).mean()
    rows = []
    for bin_magnitude, real in PICKS.items():
        quantity, simulated = (
            f"picks per event, ML {bin_magnitude:g}",
            float(picks.get(bin_magnitude, np.nan)),
        )
        if bin_magnitude <= PICKS_HELD_TO:
            rows.append(within(quantity, real, simulated, PICKS_TOLERANCE))
        else:
            rows.append(shown(quantity, real, simulated))
    return rows


def noise_rows(records: pd.DataFrame, noise_snr: NDArray[np.float64]) -> list[Row]:
    """Compare how much pure noise passes the threshold, each station counted alike as with the real ones."""
    hh = (records["family"] == "HH").to_numpy()
    passed = noise_snr[hh] > MIN_SNR
    both = pd.DataFrame({"one": passed[:, 0], "any": passed.any(axis=1)})
    shares = both.groupby(records["station"].to_numpy()[hh]).mean().mean()
    return [
        within(f"noise above {MIN_SNR:g}, {name}, share", real, float(share), 0.03)
        for (name, real), share in zip(NOISE_PASSED.items(), shares, strict=True)
    ]


def level_rows(table: pd.DataFrame) -> list[Row]:
    """Compare the shape of envelopes."""
    used = table[(table["local_magnitude"] >= LEVEL_MIN_MAGNITUDE) & (table["ratio"] > LEVEL_MIN_RATIO)]
    medians = used[list(LEVEL_WINDOWS_S)].median()
    return [
        within(f"level {name}, dex", real, float(medians[name]), 0.15)
        for name, real in zip(LEVEL_WINDOWS_S, LEVELS, strict=True)
    ]


def reading_rows(table: pd.DataFrame) -> list[Row]:
    """Compare how readings scatter about the model, each station of an event counted once."""
    readings = table.drop_duplicates(["event", "station"])
    origin_ns, with_s = readings["origin_ns"], readings["s_pick_ns"].notna()
    p_s = (readings["p_pick_ns"] - origin_ns) / NANOSECONDS_PER_S - readings["p_travel_s"]
    s_s = (readings["s_pick_ns"] - origin_ns)[with_s].astype(float) / NANOSECONDS_PER_S
    s_s -= readings["s_travel_s"][with_s]
    s_minus_p_s = s_s - p_s[with_s]
    tolerance_s = READING_TOLERANCE_S
    return [
        within("readings with S, share", S_SHARE, float(with_s.mean()), S_SHARE_TOLERANCE),
        within("readings, P minus model, deviation, s", P_SCATTER_S, float(p_s.std()), tolerance_s),
        within("readings, S minus model, deviation, s", S_SCATTER_S, float(s_s.std()), tolerance_s),
        within(
            "readings, S - P minus model, mean, s", S_MINUS_P_S[0], float(s_minus_p_s.mean()), tolerance_s
        ),
        within(
            "readings, S - P minus model, deviation, s", S_MINUS_P_S[1], float(s_minus_p_s.std()), tolerance_s
        ),
    ]
