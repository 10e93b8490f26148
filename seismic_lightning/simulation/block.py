"""What a simulation hands over: sixteen records at a time, with what they were made of."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Records synthesised together: the working set stays within the processor's cache."""
WINDOW_BEFORE_PICK_S, WINDOW_S = 10.0, 70.0
"""Part of a record that was archived originally; gaps and short files refer to it."""


class Truth(NamedTuple):
    """What a record was made of, one array ``(n,)`` per quantity.

    Attributes:
        moment_magnitude: Mw.
        moment_nm: Seismic moment, newton metres.
        stress_drop_pa: Of Brune's source.
        corner_frequency_hz: Of S.
        kappa_s: Near-site loss of S.
        site_factor: Amplification of this record, that of the generic site included.
        noise_level_db: Noise of this record relative to its station's.
        p_arrival_s: From the first sample to P.
        s_arrival_s: From the first sample to S.
        slant_km: Hypocentral distance.
        artefacts: Names joined by ``+``, empty for a sound record.
    """

    moment_magnitude: NDArray[np.float64]
    moment_nm: NDArray[np.float64]
    stress_drop_pa: NDArray[np.float64]
    corner_frequency_hz: NDArray[np.float64]
    kappa_s: NDArray[np.float64]
    site_factor: NDArray[np.float64]
    noise_level_db: NDArray[np.float64]
    p_arrival_s: NDArray[np.float64]
    s_arrival_s: NDArray[np.float64]
    slant_km: NDArray[np.float64]
    artefacts: tuple[str, ...]


class Block(NamedTuple):
    """Up to sixteen records.

    Attributes:
        first: Number of the first record; those of a request start at 0.
        sampling_rate_hz: Of all of them.
        counts: ``(n, 3, N)`` int32, components Z, N, E; the first sample lies ``BEFORE_PICK_S`` before the
            reading of P; lost samples hold ``codes.FILL_COUNTS``.
        missing: ``(n, 3, N)`` True where a sample was lost.
        truth: What they were made of.
    """

    first: int
    sampling_rate_hz: float
    counts: NDArray[np.int32]
    missing: NDArray[np.bool_]
    truth: Truth
