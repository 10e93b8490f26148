r"""Fréchet distance between two sets of features, each taken for a sample of a normal distribution.

.. math:: d^2 = |\mu_1 - \mu_2|^2 + \operatorname{tr}\big(\Sigma_1 + \Sigma_2
          - 2 (\Sigma_1^{1/2} \Sigma_2 \Sigma_1^{1/2})^{1/2}\big)

It is zero for equal means and covariances, and grows with either. Its estimate from few records is too large,
by about the number of features over the number of records: the distance between two halves of the real
records is the floor to compare with. Where features outnumber records, ``diagonal_distance`` neglects the
covariances between them.

References:
    Dowson, D. C. and Landau, B. V. (1982), Journal of Multivariate Analysis 12(3), 450-455,
    doi:10.1016/0047-259X(82)90077-X.
    Heusel, M. et al. (2017), Advances in Neural Information Processing Systems 30,
    doi:10.48550/arXiv.1706.08500 (as a measure of generated samples).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError, TooFewRecordsError
from seismic_lightning.evaluation.checks import finite


def frechet_distance(features: ArrayLike, reference: ArrayLike) -> float:
    """Return the squared distance with full covariances.

    Args:
        features: ``(n, D)`` of the set that is judged.
        reference: ``(m, D)`` of the set it is compared with; n and m may differ.

    Returns:
        Squared distance in the square of the features' unit, 0 or above.

    Raises:
        EvaluationError: Fewer than two records, other features, or values that are not finite.
    """
    first, second = _sets(features, reference)
    shift = first.mean(axis=0) - second.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(values, rowvar=False)) for values in (first, second)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    middle = np.linalg.eigvalsh(root @ covariances[1] @ root)
    common = np.sqrt(np.clip(middle, 0.0, None)).sum()
    spread = np.trace(covariances[0]) + np.trace(covariances[1]) - 2.0 * common
    return float(max(shift @ shift + spread, 0.0))


def diagonal_distance(features: ArrayLike, reference: ArrayLike) -> float:
    r"""Return the squared distance of each feature alone, as mean over features.

    .. math:: d^2 = \frac1D \sum_k (\mu_{1k} - \mu_{2k})^2 + (\sigma_{1k} - \sigma_{2k})^2

    Args:
        features: ``(n, D)`` of the set that is judged.
        reference: ``(m, D)`` of the set it is compared with.

    Returns:
        Squared distance per feature, in the square of the features' unit.

    Raises:
        EvaluationError: As ``frechet_distance``.
    """
    first, second = _sets(features, reference)
    shift = first.mean(axis=0) - second.mean(axis=0)
    spread = first.std(axis=0, ddof=1) - second.std(axis=0, ddof=1)
    return float((shift**2 + spread**2).mean())


def _sets(features: ArrayLike, reference: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check both sets."""
    first, second = finite("features", features, 2), finite("features of the reference", reference, 2)
    if first.shape[1] != second.shape[1]:
        raise EvaluationError(
            f"features: both sets need the same, got {first.shape[1]} and {second.shape[1]}"
        )
    if min(len(first), len(second)) < 2:
        raise TooFewRecordsError(
            f"features: a covariance needs two records at least, got {len(first)} and {len(second)}"
        )
    return first, second
