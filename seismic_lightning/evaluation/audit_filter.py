"""Does the filter tell the magnitude? Noise without any earthquake, filtered as if it were of each bin.

Where the passband depends on magnitude, an empty spectrogram already tells the bin: a conditional model can
fit its condition by the edges of the passband and learn nothing of earthquakes. Noise windows get a bin by
lot and that bin's filter; a linear discriminant on their log spectra, fitted on one half of the records, then
has to find the bin of the other half. Without a leak it succeeds as often as chance.

References:
    Hastie, T., Tibshirani, R. and Friedman, J. (2009), The Elements of Statistical Learning, 2nd ed.,
    section 4.3 (linear discriminant analysis).
    Clopper, C. J. and Pearson, E. S. (1934), The use of confidence or fiducial limits illustrated in the case
    of the binomial, Biometrika 26(4), 404-413, doi:10.1093/biomet/26.4.404.
"""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.ground_motion import ground_motion
from seismic_lightning.evaluation.audit_findings import Finding
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.settings import PreprocessSettings

USUAL_EDGES = (1.0, 2.0, 3.0, 4.0)
"""Edges of the magnitude bins where the preprocessing has none of its own."""
MOST_RECORDS = 400
FEWEST_WINDOWS = 100
"""Noise windows of the dataset below which white noise is filtered instead."""
SHORTEST_NOISE_S = 5.0
BEFORE_P_S = 0.5
"""End of the noise before the P onset."""
CONFIDENCE = 0.99
_N_BANDS = 32
_LOWEST_HZ = 0.2
_SHRINKAGE = 0.01
"""Share of the mean variance that is added to each, so that few windows do not make the metric singular."""


class Noise(NamedTuple):
    """Windows without an earthquake, of one channel family and sampling rate.

    Attributes:
        samples: ``(n, C, N)`` samples as they are stored.
        instrument: ``(n, C)`` place of each component's instrument.
        family: Channel family.
        sampling_rate_hz: Rate of the samples.
        kind: What they are, in words.
    """

    samples: Tensor
    instrument: Tensor
    family: str
    sampling_rate_hz: float
    kind: str


class Recognised(NamedTuple):
    """How often the bin was found.

    Attributes:
        n_right: Windows whose bin was found.
        n_windows: Windows that were asked for.
        n_bins: Magnitude bins.
        interval: Confidence interval of the share of right answers.
    """

    n_right: int
    n_windows: int
    n_bins: int
    interval: tuple[float, float]

    @property
    def leaks(self) -> bool:
        """Tell whether chance does not explain the answers."""
        return self.interval[0] > 1.0 / self.n_bins


def magnitude_in_the_filter(
    dataset: CuratedDataset, settings: PreprocessSettings, *, conditional: bool, seed: int
) -> Finding:
    """Find out whether filtered noise tells the magnitude bin it was filtered for.

    Args:
        dataset: Where noise comes from.
        settings: The preprocessing.
        conditional: Whether a model is told the magnitude: for it a leak is an error, else a warning.
        seed: Seed of the lot.
    """
    motion = ground_motion(dataset, settings.units)
    noise = noise_windows(dataset, motion.instrument, np.random.default_rng([seed, 0]))
    seen = recognise_bins(Preprocess(settings, motion.instruments), noise, np.random.default_rng([seed, 1]))
    low, high = seen.interval
    found = (
        f"{noise.kind} filtered as of each of {seen.n_bins} magnitude bins: bin found for {seen.n_right} of "
        f"{seen.n_windows} windows, {seen.n_right / seen.n_windows:.0%} ({CONFIDENCE:.0%} interval {low:.0%} "
        f"to {high:.0%}), chance {1 / seen.n_bins:.0%}"
    )
    what = "magnitude in the filter"
    if not seen.leaks:
        return Finding(what, found, "ok")
    remedy = "train with preprocess=fixed_band, one passband for all magnitudes"
    return Finding(what, found, "error" if conditional else "warning", remedy)


def noise_windows(dataset: CuratedDataset, instrument: Tensor, rng: np.random.Generator) -> Noise:
    """Cut the noise before P from records of the most frequent family and rate, or draw white noise.

    Args:
        dataset: The records.
        instrument: ``(len(dataset), C)`` place of each component's instrument.
        rng: Chooses the records.
    """
    metadata = dataset.metadata
    sensors = zip(metadata["trace_channel"], metadata["trace_sampling_rate_hz"], strict=True)
    (family, rate_hz), _ = Counter((str(name), float(rate)) for name, rate in sensors).most_common(1)[0]
    alike = (metadata["trace_channel"] == family) & (metadata["trace_sampling_rate_hz"] == rate_hz)
    length_s = dataset.window.before_p_s - BEFORE_P_S
    quiet = metadata["trace_p_arrival_sample"] >= (length_s + BEFORE_P_S) * rate_hz - 1.0
    rows = rng.permutation(np.flatnonzero(alike & quiet))[:MOST_RECORDS]
    sensor = f"{family} at {rate_hz:g} Hz"
    if length_s >= SHORTEST_NOISE_S and len(rows) * len(dataset.components) >= FEWEST_WINDOWS:
        samples = dataset.fetch(rows)[0].waveform[..., : round(length_s * rate_hz)]
        kind = f"{length_s:g} s of noise before P ({sensor})"
        return Noise(torch.from_numpy(samples), instrument[rows], family, rate_hz, kind)
    rows = rng.choice(np.flatnonzero(alike), MOST_RECORDS)
    shape = (MOST_RECORDS, len(dataset.components), round(dataset.window.length_s * rate_hz) + 1)
    white = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    return Noise(white, instrument[rows], family, rate_hz, f"white noise ({sensor})")


def recognise_bins(preprocess: Preprocess, noise: Noise, rng: np.random.Generator) -> Recognised:
    """Filter noise for magnitude bins drawn by lot, and find the bins again.

    The components of a record stay together on one side of the fit.

    Args:
        preprocess: The preprocessing.
        noise: Windows without an earthquake.
        rng: Draws the bins.
    """
    from scipy.stats import binomtest  # here: commands without an audit start without it

    magnitudes = _one_of_each_bin(preprocess.settings.magnitude_edges or USUAL_EDGES)
    n_records, n_components, n_samples = noise.samples.shape
    n_windows = n_records * n_components
    bins = rng.permutation(np.arange(n_windows) % len(magnitudes))
    band = preprocess.bands([noise.family] * n_windows, [magnitudes[place] for place in bins])
    with torch.no_grad():
        filtered = preprocess(
            noise.samples.reshape(n_windows, 1, n_samples),
            noise.sampling_rate_hz,
            band,
            noise.instrument.reshape(n_windows, 1),
        )
    rate_hz = preprocess.settings.sampling_rate_hz
    features = _log_spectra(filtered[:, 0].double().numpy(), rate_hz)
    fitted = np.arange(n_windows) < n_records // 2 * n_components
    found = _discriminant(features[fitted], bins[fitted], features[~fitted])
    n_right = int((found == bins[~fitted]).sum())
    interval = binomtest(n_right, len(found)).proportion_ci(CONFIDENCE)
    return Recognised(n_right, len(found), len(magnitudes), (float(interval.low), float(interval.high)))


def _one_of_each_bin(edges: tuple[float, ...] | list[float]) -> list[float]:
    """Return a magnitude within each bin."""
    inner = [(low + high) / 2.0 for low, high in pairwise(edges)]
    return [edges[0] - 0.5, *inner, edges[-1] + 0.5]


def _log_spectra(windows: NDArray[np.float64], sampling_rate_hz: float) -> NDArray[np.float64]:
    """Return ``(n, bands)`` log power in bands of equal ratio, relative to each window's mean.

    The level itself is left out: it belongs to the station.
    """
    power = np.abs(np.fft.rfft(windows * np.hanning(windows.shape[-1]), axis=-1)) ** 2
    frequency_hz = np.fft.rfftfreq(windows.shape[-1], 1.0 / sampling_rate_hz)
    edges_hz = np.geomspace(_LOWEST_HZ, sampling_rate_hz / 2.0, _N_BANDS + 1)
    place = np.clip(np.searchsorted(edges_hz, frequency_hz, side="right") - 1, 0, _N_BANDS - 1)
    counts = np.bincount(place, minlength=_N_BANDS)
    sums = np.stack([power[:, place == band].sum(-1) for band in np.flatnonzero(counts)], axis=1)
    level = np.log10(sums / counts[counts > 0] + np.finfo(np.float64).tiny)
    return np.asarray(level - level.mean(-1, keepdims=True))


def _discriminant(
    features: NDArray[np.float64], labels: NDArray[np.int64], asked: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the label of the nearest class mean in the metric of the pooled covariance."""
    known, place = np.unique(labels, return_inverse=True)
    means = np.stack([features[labels == label].mean(0) for label in known])
    rest = features - means[place]
    covariance = rest.T @ rest / len(features)
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, means.T)
    score = asked @ weights - 0.5 * (means.T * weights).sum(0)
    return np.asarray(known[score.argmax(-1)], dtype=np.int64)
