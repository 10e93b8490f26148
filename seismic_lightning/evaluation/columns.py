"""The columns of the error budget, family by family.

Intensity measures of a record are averaged over its components in logarithm (geometric mean), so that a
record counts once. ``bias`` and ``sd`` are of the residuals of pairs; ``distribution`` is the Wasserstein
distance of two sets, the mean shift that turns one distribution into the other, and needs no pairs.

The scatter of residuals, and its parts between and within events, is best when low only where a record is
rebuilt. Both sides of a pair are draws otherwise: an honest answer scatters by √2 times what real records
scatter about their trend, and one that averages scatters less. ``PGA scatter about trend over real`` judges
these.

References:
    Ramdas, A., García Trillos, N. and Cuturi, M. (2017), Entropy 19(2), 47, doi:10.3390/e19020047
    (Wasserstein distance in one dimension).
"""

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation import spectra
from seismic_lightning.evaluation.bins import Bins
from seismic_lightning.evaluation.bootstrap import Draw, Interval, intervals
from seismic_lightning.evaluation.classifier import SpectrogramClassifier, Teaching, correct, embed
from seismic_lightning.evaluation.discriminator import discriminate
from seismic_lightning.evaluation.frechet import frechet_distance
from seismic_lightning.evaluation.intensity import intensity
from seismic_lightning.evaluation.measure import (
    Array,
    Column,
    Measure,
    PairedMeasure,
    Records,
    Samples,
    SetMeasure,
)
from seismic_lightning.evaluation.motion import Quantity, ground_motion
from seismic_lightning.evaluation.residuals import mixed_effects, trend

INTENSITIES = ("PGA", "PGV", "PSA 0.1 s", "PSA 0.3 s", "PSA 1 s", "Arias intensity", "D5-95")
_PGA = INTENSITIES.index("PGA")
_RECORDS_AT_ONCE = 128


def with_intensity(records: Records, rate_hz: float, quantity: Quantity) -> Records:
    """Add the intensity measures that the columns of intensity read; without waveforms there are none.

    Args:
        records: Records with waveforms in m/s or m/s².
        rate_hz: Sampling rate.
        quantity: ``mps`` or ``mps2``.

    Returns:
        The records with ``(B, 7)`` decadic logarithms of ``INTENSITIES``, mean over components.
    """
    if records.waveform is None:
        return records._replace(intensity=None)
    measured = intensity(ground_motion(records.waveform, quantity, rate_hz))
    parts = [measured.pga_mps2, measured.pgv_mps, *np.moveaxis(measured.psa_mps2, -1, 0)]
    parts += [measured.arias_mps, measured.d5_95_s]
    return records._replace(intensity=np.stack([np.log10(part).mean(axis=1) for part in parts], axis=1))


def spectral_measures(mean_level: Array) -> list[Measure]:
    """Return skill, correlations and log spectral distance of spectrograms.

    Args:
        mean_level: ``(C, F, T)`` mean of the training split, in dex.
    """

    def compare(answer: Records, real: Records) -> Array:
        levels, records = _have(answer.level), _have(real.level)
        starts = range(0, len(records), _RECORDS_AT_ONCE)
        parts = [slice(start, start + _RECORDS_AT_ONCE) for start in starts]
        return np.concatenate([compare_some(levels[part], records[part]) for part in parts])

    def compare_some(level: Samples, record: Samples) -> Array:
        errors = spectra.squared_errors(level, record, mean_level)
        anomaly = spectra.anomaly_correlation(level, record, mean_level)
        plain = spectra.spectral_correlation(level, record)
        return np.stack([*errors, anomaly, plain, spectra.log_spectral_distance_dex(level, record)], axis=1)

    def reduce(numbers: Array, _: Draw) -> Array:
        skill = spectra.SquaredErrors(numbers[:, 0], numbers[:, 1]).skill()
        return np.array([skill, *numbers[:, 2:].mean(axis=0)])

    columns = (
        Column("skill", "", "high"),
        Column("anomaly correlation", "", "high"),
        Column("spectral correlation", "", "high"),
        Column("log spectral distance", "dex", "low"),
    )
    return [PairedMeasure(columns, ("level",), compare, reduce)]


def intensity_measures() -> list[Measure]:
    """Return bias, scatter and distribution of each intensity measure, and τ and φ of PGA."""

    def residual(answer: Records, real: Records) -> Array:
        return np.asarray(_have(answer.intensity) - _have(real.intensity), dtype=np.float64)

    def bias_and_sd(numbers: Array, _: Draw) -> Array:
        return np.concatenate(
            [numbers.mean(axis=0), numbers.std(axis=0, ddof=1) if len(numbers) > 1 else nan]
        )

    def between_and_within(numbers: Array, draw: Draw) -> Array:
        if int(draw.event.max()) + 1 in (1, len(numbers)) or np.ptp(numbers[:, _PGA]) < 1e-12:
            return np.full(2, np.nan)
        fit = mixed_effects(numbers[:, _PGA], draw.event)
        return np.array([fit.tau, fit.phi])

    nan = np.full(len(INTENSITIES), np.nan)
    biases = tuple(Column(f"{name} bias", "dex", "zero") for name in INTENSITIES)
    scatters = tuple(Column(f"{name} residual sd", "dex", "rebuilt") for name in INTENSITIES)
    distances = tuple(Column(f"{name} distribution", "dex", "low", of_request=False) for name in INTENSITIES)
    names = ("PGA τ between events", "PGA φ within events")
    taus = tuple(Column(name, "dex", "rebuilt") for name in names)
    needs = ("intensity",)
    return [
        PairedMeasure(biases + scatters, needs, residual, bias_and_sd),
        PairedMeasure(taus, needs, residual, between_and_within),
        SetMeasure(
            distances,
            needs,
            lambda records: np.asarray(_have(records.intensity), dtype=np.float64),
            _wasserstein,
        ),
    ]


def trend_measures() -> list[Measure]:
    """Return how PGA depends on the magnitude asked for, and its scatter about that, beside real records."""

    def describe(records: Records) -> Array:
        design = trend(_have(records.magnitude), _have(records.distance_km))
        return np.column_stack([_have(records.intensity)[:, _PGA], design])

    def reduce(answer: Array, real: Array) -> Array:
        (slope, scatter), (real_slope, real_scatter) = _slope_and_scatter(answer), _slope_and_scatter(real)
        return np.array([slope - real_slope, scatter / real_scatter])

    columns = (
        Column("PGA slope per magnitude less real", "dex", "zero"),
        Column("PGA scatter about trend over real", "", "one"),
    )
    return [SetMeasure(columns, ("intensity", "magnitude", "distance_km"), describe, reduce)]


def classifier_measures(classifier: SpectrogramClassifier, bins: Bins) -> list[Measure]:
    """Return what a classifier of magnitude and distance, taught on the training split, makes of records.

    Args:
        classifier: Taught on spectrograms in dex.
        bins: Its classes.
    """

    def rightness(records: Records) -> Array:
        place = bins.place(_have(records.magnitude), _have(records.distance_km))
        return correct(classifier, _have(records.level), place)[:, None]

    def accuracies(answer: Array, real: Array) -> Array:
        known = [part[~np.isnan(part)] for part in (answer, real)]
        accuracy, of_real = (part.mean() if len(part) else np.nan for part in known)
        return np.array([accuracy, accuracy - of_real])

    distance = (Column("embedding Fréchet distance", "", "low", of_request=False),)
    accuracy = (
        Column("classifier accuracy", "", "high"),
        Column("classifier accuracy less real", "", "zero"),
    )
    return [
        SetMeasure(
            distance,
            ("level",),
            lambda records: embed(classifier, _have(records.level)),
            lambda one, other: np.array([frechet_distance(one, other)]),
        ),
        SetMeasure(
            accuracy,
            ("level", "magnitude", "distance_km"),
            rightness,
            accuracies,
            lambda numbers: np.isfinite(numbers).repeat(len(accuracy), axis=1),
        ),
    ]


class DiscriminatorMeasure:
    """Balanced accuracy of telling answers from real records, on held-out events."""

    paired = False

    def __init__(self, seed: int, teaching: Teaching | None = None) -> None:
        """Keep how to teach.

        Args:
            seed: Of splits and classifiers.
            teaching: Length and size, the defaults without.
        """
        self.columns: tuple[Column, ...] = (Column("discriminator accuracy", "", "half", of_request=False),)
        self.needs: tuple[str, ...] = ("level",)
        self._seed = seed
        self._teaching = teaching

    def judge(self, answer: Records, reference: Records, *, seed: int, n_draws: int) -> list[Interval]:
        """Teach on half of the events, examine on the others.

        Args:
            answer: What is judged.
            reference: Real records.
            seed: Of the draws of events.
            n_draws: How many draws.

        Returns:
            One interval over the events examined.
        """
        examination = discriminate(
            (_have(reference.level), reference.event),
            (_have(answer.level), answer.event),
            seed=self._seed,
            teaching=self._teaching,
        )
        return intervals(
            lambda draw: np.array([examination.accuracy(draw.rows)]),
            examination.event,
            seed=seed,
            n_draws=n_draws,
        )


def means(numbers: Array, _: Draw) -> Array:
    """Return the mean of each number.

    Args:
        numbers: ``(M, K)`` of drawn records.
        _: The draw.
    """
    return np.asarray(numbers.mean(axis=0))


def known_mean(numbers: Array, axis: int) -> Array:
    """Return the mean of what is known, NaN where nothing is.

    Args:
        numbers: Some of them may be NaN.
        axis: That is averaged over.
    """
    known = np.isfinite(numbers)
    count = known.sum(axis=axis)
    total = np.where(known, numbers, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _have(part: Samples | None) -> Samples:
    """Return a part that the measure's needs promise."""
    if part is None:
        raise EvaluationError("a measure was given records without what it needs")
    return part


def _wasserstein(answer: Array, real: Array) -> Array:
    from scipy.stats import wasserstein_distance  # here: scipy.stats takes a second to import

    pairs = zip(answer.T, real.T, strict=True)
    return np.array([wasserstein_distance(one, other) for one, other in pairs])


def _slope_and_scatter(numbers: NDArray[np.float64]) -> tuple[float, float]:
    """Return how the first column depends on the third, the magnitude, and its scatter about the fit.

    A draw of few events may hold no more different records than the trend has coefficients, and fit exactly.
    """
    values, design = numbers[:, 0], numbers[:, 1:]
    if len(np.unique(numbers, axis=0)) <= design.shape[1]:
        return float("nan"), float("nan")
    coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
    residual = values - design @ coefficients
    return float(coefficients[1]), float(np.sqrt((residual**2).sum() / (len(values) - design.shape[1])))
