r"""Residuals of ground motion, split into what whole earthquakes and what single records deviate by.

.. math:: y_{es} = X_{es}\,\beta + \eta_e + \delta_{es}, \qquad
   \eta_e \sim N(0, \tau^2), \; \delta_{es} \sim N(0, \varphi^2), \qquad \sigma^2 = \tau^2 + \varphi^2

:math:`y` is a logarithm of an intensity measure, or of its ratio to another. A generator whose
:math:`\sigma` is too small averages over what it cannot tell apart. ``trend`` gives the usual dependence
on magnitude and distance, :math:`a + bM + c \log_{10} R + dR`; alone, a constant is the bias.

Fitted by restricted maximum likelihood, which does not take the fixed part for known. For one deviation per
event it depends on the ratio :math:`\lambda = \tau^2/\varphi^2` alone; with :math:`n_e` records of event e,
and all sums of squares weighted with the inverse of :math:`I + \lambda 1 1^T` of each event,

.. math:: -2 \ln L = (N-K) \ln \varphi^2(\lambda) + \sum_e \ln(1 + n_e \lambda) + \ln |X^T W X|

which is searched in one dimension, in milliseconds and without a starting value. General optimisers over the
same likelihood may stop elsewhere where :math:`\lambda` is small.

References:
    Abrahamson, N. A. and Youngs, R. R. (1992), Bulletin of the Seismological Society of America 82(1),
    505-510, doi:10.1785/BSSA0820010505.
    Harville, D. A. (1977), Journal of the American Statistical Association 72(358), 320-338,
    doi:10.1080/01621459.1977.10480998 (restricted maximum likelihood).
    Al Atik, L. et al. (2010), Seismological Research Letters 81(5), 794-801, doi:10.1785/gssrl.81.5.794.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import event_codes, finite, pair


class MixedEffects(NamedTuple):
    """A mixed-effects fit, in the unit of the values.

    Attributes:
        coefficients: ``(K,)`` of the fixed part; the bias alone where there is no trend.
        tau: Standard deviation between events.
        phi: Standard deviation within events.
        n_records: Records it rests on.
        n_events: Their events.
    """

    coefficients: NDArray[np.float64]
    tau: float
    phi: float
    n_records: int
    n_events: int

    @property
    def sigma(self) -> float:
        """Standard deviation of a record of an unknown earthquake."""
        return float(np.hypot(self.tau, self.phi))


def log_ratio_dex(measure: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Return residuals of measures that are above zero.

    Args:
        measure: Of what is judged, any shape.
        reference: Of the records, in the same unit.

    Returns:
        ``log10(measure / reference)`` of the same shape.

    Raises:
        EvaluationError: Values are not finite or not above zero, or shapes differ.
    """
    judged, record = pair("measures", measure, reference)
    for name, values in (("measures", judged), ("measures of the reference", record)):
        wrong = np.argwhere(values <= 0.0)
        if len(wrong):
            raise EvaluationError(
                f"{name}: record {wrong[0][0]} has {values[tuple(wrong[0])]:g}, which has no logarithm"
            )
    return np.asarray(np.log10(judged / record))


def trend(magnitude: ArrayLike, hypocentral_km: ArrayLike) -> NDArray[np.float64]:
    """Return the columns 1, M, log10 R and R of a ground motion model.

    Args:
        magnitude: ``(B,)``.
        hypocentral_km: ``(B,)`` above 0.

    Returns:
        ``(B, 4)``.

    Raises:
        EvaluationError: Values are not finite, or a distance is not above 0.
    """
    magnitudes, distances = (
        finite("magnitude", magnitude, 1),
        finite("hypocentral distance", hypocentral_km, 1),
    )
    if (distances <= 0).any():
        place = int(np.flatnonzero(distances <= 0)[0])
        raise EvaluationError(f"hypocentral distance: record {place} has {distances[place]:g} km")
    return np.stack([np.ones_like(distances), magnitudes, np.log10(distances), distances], axis=1)


def mixed_effects(
    values: ArrayLike, event: ArrayLike, fixed: NDArray[np.float64] | None = None
) -> MixedEffects:
    """Split values into a fixed part, and deviations of events and of records.

    Args:
        values: ``(B,)`` logarithms.
        event: ``(B,)`` event of each record.
        fixed: ``(B, K)`` columns of the fixed part; a constant without.

    Returns:
        The fit; ``tau`` is 0 where events differ by no more than chance.

    Raises:
        EvaluationError: Fewer than two events, no event with two records, columns of the fixed part that
            depend on each other, or values that follow it without scatter.
    """
    response = finite("values", values, 1)
    codes = event_codes(event, len(response))
    n_events = int(codes.max()) + 1
    if n_events < 2 or n_events == len(response):
        raise EvaluationError(
            f"a mixed-effects fit needs two events, and one of them with two records; got {len(response)} "
            f"records of {n_events} events"
        )
    columns = np.ones((len(response), 1)) if fixed is None else finite("fixed part", fixed, 2)
    sums = _sums(response, columns, codes)
    ratio = _best_ratio(sums)
    coefficients, variance, _ = _profile(sums, ratio)
    return MixedEffects(
        coefficients=sums.start + coefficients,
        tau=float(np.sqrt(ratio * variance)),
        phi=float(np.sqrt(variance)),
        n_records=len(response),
        n_events=n_events,
    )


class _Sums(NamedTuple):
    """All that the likelihood needs of the data.

    Attributes:
        n_records: ``(E,)`` of each event.
        columns: ``(E, K)`` sums of the columns over each event.
        residual: ``(E,)`` sums of the residuals of the plain fit.
        squares: ``(K, K)`` products of the columns.
        energy: Sum of squared residuals.
        start: ``(K,)`` coefficients of the plain fit.
    """

    n_records: NDArray[np.float64]
    columns: NDArray[np.float64]
    residual: NDArray[np.float64]
    squares: NDArray[np.float64]
    energy: float
    start: NDArray[np.float64]


def _sums(response: NDArray[np.float64], columns: NDArray[np.float64], codes: NDArray[np.int64]) -> _Sums:
    """Fit without events, which keeps digits, and sum over events."""
    start, _, rank, _ = np.linalg.lstsq(columns, response, rcond=None)
    if rank < columns.shape[1] or len(response) <= columns.shape[1]:
        raise EvaluationError(
            f"a mixed-effects fit of {len(response)} records: the {columns.shape[1]} columns of the fixed "
            "part depend on each other"
        )
    residual = response - columns @ start
    if residual.std() <= 1e-12 * max(float(np.abs(response).max()), 1e-300):
        raise EvaluationError("a mixed-effects fit needs values that scatter; these follow the fixed part")
    return _Sums(
        n_records=np.bincount(codes).astype(np.float64),
        columns=np.stack([np.bincount(codes, column) for column in columns.T], axis=1),
        residual=np.bincount(codes, residual).astype(np.float64),
        squares=columns.T @ columns,
        energy=float(residual @ residual),
        start=start.astype(np.float64),
    )


def _profile(sums: _Sums, ratio: float) -> tuple[NDArray[np.float64], float, float]:
    """Return coefficients, variance within events, and minus twice the restricted log likelihood.

    Args:
        sums: Of the data.
        ratio: Variance between events over that within.
    """
    n_free = float(sums.n_records.sum()) - len(sums.start)
    weight = ratio / (1.0 + ratio * sums.n_records)
    products = sums.squares - (sums.columns.T * weight) @ sums.columns
    right = -(sums.columns.T * weight) @ sums.residual  # residuals are orthogonal to the columns
    coefficients = np.linalg.solve(products, right).astype(np.float64)
    energy = sums.energy - weight @ sums.residual**2 - coefficients @ right
    variance = max(float(energy), float(np.finfo(np.float64).tiny)) / n_free
    determinants = np.log1p(ratio * sums.n_records).sum() + np.linalg.slogdet(products)[1]
    return coefficients, variance, float(n_free * np.log(variance) + determinants)


def _best_ratio(sums: _Sums) -> float:
    """Find the ratio of variances of highest likelihood: a scan, then the minimum between its neighbours."""
    from scipy.optimize import minimize_scalar  # here: scipy takes a while to import

    ratios = [0.0, *np.geomspace(1e-4, 1e6, 31).tolist()]
    costs = [_profile(sums, ratio)[2] for ratio in ratios]
    best = int(np.argmin(costs))
    low, high = ratios[max(best - 1, 0)], ratios[min(best + 1, len(ratios) - 1)]

    def cost(root: float) -> float:
        return _profile(sums, root**2)[2]

    found = minimize_scalar(cost, bounds=(low**0.5, high**0.5), method="bounded", options={"xatol": 1e-9})
    return float(found.x) ** 2 if float(found.fun) < costs[best] else ratios[best]
