"""Where, when and how strong: the earthquakes of the Marmara region.

Local magnitudes follow Gutenberg and Richter's law seen through the detection of a network (Ogata and
Katsura): ``pdf(M) ~ 10^(-b M) Phi((M - mu) / sigma)``. Epicentres scatter about eleven line segments, the
active faults and clusters, whose weights are counts of the KOERI catalogue. Event ``k`` is drawn within its
chunk alone, so it is the same however many are asked for.

References:
    Gutenberg, B., Richter, C. F. (1944), Frequency of earthquakes in California, Bulletin of the
    Seismological Society of America 34(4), 185-188.
    Ogata, Y., Katsura, K. (1993), Analysis of temporal and spatial heterogeneity of magnitude frequency
    distribution inferred from earthquake catalogues, Geophysical Journal International 113(3), 727-738.
    Ozturk, S. (2020), Sigma Journal of Engineering and Natural Sciences 38(3): b = 1.14 +- 0.07 in Marmara.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.source import STRESS_DROP_PA, STRESS_DROP_SD_DEX

CHUNK = 128
"""Events drawn from one generator."""
_STREAM = 1
"""Key that keeps the generators of events apart from those of records."""
B_VALUE = 1.0
DETECTION_MAGNITUDE = 1.6
"""Magnitude that the network detects half of the time; with the next, it reproduces the archive's records."""
DETECTION_SD = 0.40
DEPTH_MEAN_KM, DEPTH_SD_KM = 10.0, 4.55
"""Before the range; accepted records then have the archive's 9.9 and 4.4."""
DEPTH_RANGE_KM = (0.8, 25.0)
_STEPS = (2.0**0.5, 3.0**0.5, 7.0**0.5)
"""Of the sequences of clusters, magnitudes and depths, unrelated to one another and to that of times."""
_SEED_STEP = 1_000_003
"""Events between the starts of two seeds in that sequence."""
KM_PER_DEG_LATITUDE, KM_PER_DEG_LONGITUDE = 111.2, 84.5
"""At 40.6 degrees north."""
FIRST_ORIGIN_S = 1_388_534_400
"""2014-01-01 UTC in seconds since 1970."""
DURATION_S = 4322 * 86_400
"""To 2025-11-01, the span of the real catalogue."""
_STRIDE_S = 230_786_753
"""Prime near 0.618 times the duration: multiples of it spread over the span, and no two events share a
second, which is what the observatory names them by."""


class Cluster(NamedTuple):
    """A line segment about which epicentres scatter; weight is its share of events."""

    longitude_deg: float
    latitude_deg: float
    end_longitude_deg: float
    end_latitude_deg: float
    sd_km: float
    weight: float


CLUSTERS = {
    "Ganos": Cluster(26.60, 40.60, 27.45, 40.78, 4.0, 0.12),
    "Tekirdag and central basins": Cluster(27.45, 40.79, 28.35, 40.88, 4.0, 0.17),
    "Kumburgaz": Cluster(28.35, 40.88, 28.95, 40.83, 4.0, 0.05),
    "Cinarcik": Cluster(28.95, 40.78, 29.35, 40.70, 4.0, 0.12),
    "Izmit": Cluster(29.35, 40.71, 30.20, 40.74, 5.0, 0.06),
    "Gemlik": Cluster(28.75, 40.42, 29.20, 40.43, 4.0, 0.12),
    "Armutlu and Yalova": Cluster(28.90, 40.57, 29.25, 40.60, 4.0, 0.10),
    "Saros": Cluster(25.95, 40.38, 26.55, 40.42, 5.0, 0.09),
    "Biga": Cluster(27.05, 40.25, 27.55, 40.42, 7.0, 0.07),
    "Manyas and Erdek": Cluster(27.60, 40.20, 28.30, 40.45, 10.0, 0.05),
    "Balikesir": Cluster(27.60, 39.75, 28.20, 40.10, 12.0, 0.05),
}
"""Weights from KOERI's events of M >= 3.5, 2005-2021, and its bulletin."""


class Events(NamedTuple):
    """Earthquakes, one array per quantity, all of one length.

    Attributes:
        number: Place in the endless sequence of events of this seed.
        local_magnitude: ML.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Below sea level.
        origin_ns: Origin time, nanoseconds since 1970 (UTC), a multiple of 10 ms as in the catalogue.
        stress_drop_pa: Of Brune's source.
    """

    number: NDArray[np.int64]
    local_magnitude: NDArray[np.float64]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    depth_km: NDArray[np.float64]
    origin_ns: NDArray[np.int64]
    stress_drop_pa: NDArray[np.float64]


def chunk_generator(seed: int, chunk: int) -> np.random.Generator:
    """Return the generator of one chunk of events and of the decisions which stations read them."""
    return np.random.default_rng(np.random.SeedSequence([seed, chunk], spawn_key=(_STREAM,)))


def draw_events(settings: SimulationSettings, chunk: int, rng: np.random.Generator) -> Events:
    """Draw one chunk of events.

    Args:
        settings: Magnitude range and seed.
        chunk: Its number; events ``CHUNK * chunk`` onwards.
        rng: Generator of this chunk.

    Returns:
        ``CHUNK`` events.
    """
    number = CHUNK * chunk + np.arange(CHUNK)
    clusters = np.array(list(CLUSTERS.values()))
    share = np.cumsum(clusters[:, 5]) / clusters[:, 5].sum()
    starts = np.random.default_rng(np.random.SeedSequence([settings.seed], spawn_key=(_STREAM,))).random(3)
    place, strength, deep = (evenly(number, *pair) for pair in zip(starts, _STEPS, strict=True))
    chosen = clusters[np.searchsorted(share, place)]
    along = rng.random(CHUNK)
    across = rng.normal(size=(2, CHUNK)) * chosen[:, 4]
    # Large seeds are reduced before they meet 64 bits.
    second = (number + _SEED_STEP * settings.seed % DURATION_S) % DURATION_S * _STRIDE_S % DURATION_S
    return Events(
        number=number,
        local_magnitude=magnitude_quantile(settings, strength),
        latitude_deg=chosen[:, 1] + along * (chosen[:, 3] - chosen[:, 1]) + across[0] / KM_PER_DEG_LATITUDE,
        longitude_deg=chosen[:, 0] + along * (chosen[:, 2] - chosen[:, 0]) + across[1] / KM_PER_DEG_LONGITUDE,
        depth_km=np.clip(DEPTH_MEAN_KM + DEPTH_SD_KM * ndtri(deep), *DEPTH_RANGE_KM),
        origin_ns=(second + FIRST_ORIGIN_S) * 1_000_000_000 + rng.integers(0, 100, CHUNK) * 10_000_000,
        stress_drop_pa=STRESS_DROP_PA * 10 ** rng.normal(0.0, STRESS_DROP_SD_DEX, CHUNK),
    )


def magnitude_quantile(settings: SimulationSettings, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the local magnitudes that the law exceeds with ``1 - probability``.

    Args:
        settings: Range of magnitudes.
        probability: ``(n,)`` between 0 and 1.
    """
    grid = np.linspace(settings.min_magnitude, settings.max_magnitude, 2001)
    # As logarithms: a range far below the detection magnitude would underflow.
    log_density = log_ndtr((grid - DETECTION_MAGNITUDE) / DETECTION_SD) - np.log(10) * B_VALUE * grid
    density = np.exp(log_density - log_density.max())
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    return np.asarray(np.interp(probability * cumulative[-1], cumulative, grid))


def evenly(number: NDArray[np.int64], start: float, step: float) -> NDArray[np.float64]:
    """Return numbers between 0 and 1 that fill the interval evenly, however many follow one another.

    A few hundred events then already have the share of strong ones that the law gives them.

    Args:
        number: ``(n,)`` places in the sequence.
        start: Where the sequence starts.
        step: An irrational number.
    """
    return np.asarray(np.clip((start + number * step) % 1.0, 1e-9, 1.0 - 1e-9))
