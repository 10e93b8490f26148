r"""Residuals of ground motion, split into what whole earthquakes and what single records deviate by.

.. math:: y_{es} = X_{es}\,\beta + \eta_e + \delta_{es}, \qquad
   \eta_e \sim N(0, \tau^2), \; \delta_{es} \sim N(0, \varphi^2), \qquad \sigma^2 = \tau^2 + \varphi^2

:math:`y` is a logarithm of an intensity measure, or of its ratio to another. A generator whose
:math:`\sigma` is too small averages over what it cannot tell apart. ``trend`` gives the usual dependence
on magnitude and distance, :math:`a + bM + c \log_{10} R + dR`; alone, a constant is the bias.

Fitted by restricted maximum likelihood, which does not take the fixed part for known.

References:
    Abrahamson, N. A. and Youngs, R. R. (1992), Bulletin of the Seismological Society of America 82(1),
    505-510, doi:10.1785/BSSA0820010505.
    Al Atik, L. et al. (2010), Seismological Research Letters 81(5), 794-801, doi:10.1785/gssrl.81.5.794.
"""

import warnings
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
        EvaluationError: Fewer than two events, no event with two records, or a fit that does not converge.
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
    scale = _scale(response, columns)
    with warnings.catch_warnings():  # its import changes the filters of warnings
        # here: takes a second to import
        from statsmodels.regression.mixed_linear_model import MixedLM
        from statsmodels.tools.sm_exceptions import ConvergenceWarning, SingularMatrixWarning

        # A tau of zero lies on the boundary, which the fit warns of; whether it converged is asked below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", SingularMatrixWarning)
        fit = MixedLM(response / scale, columns, groups=codes).fit(reml=True)
    if not fit.converged:
        raise EvaluationError(f"a mixed-effects fit of {len(response)} records did not converge")
    return MixedEffects(
        coefficients=np.asarray(fit.fe_params) * scale,
        tau=float(np.sqrt(np.asarray(fit.cov_re)[0, 0])) * scale,
        phi=float(np.sqrt(fit.scale)) * scale,
        n_records=len(response),
        n_events=n_events,
    )


def _scale(response: NDArray[np.float64], columns: NDArray[np.float64]) -> float:
    """Return the scatter about the fixed part, which the fit is told in units of: it stops by absolute steps.

    Raises:
        EvaluationError: There is no scatter.
    """
    coefficients = np.linalg.lstsq(columns, response, rcond=None)[0]
    scatter = float((response - columns @ coefficients).std())
    if scatter <= 1e-12 * max(float(np.abs(response).max()), 1e-12):
        raise EvaluationError("a mixed-effects fit needs values that scatter; these follow the fixed part")
    return scatter
