"""Synthetic event files: microseism, noise, P and S on an offset, as STEIM2-compressed miniSEED."""

from pathlib import Path

import numpy as np
import obspy
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS

P_S = 10.0
"""Seconds from a record's first sample to P."""
S_S = 18.0
"""Seconds from a record's first sample to S."""


def record(rng: np.random.Generator, n_samples: int, rate_hz: float) -> NDArray[np.int32]:
    """Return one record.

    Args:
        rng: Source of noise and phases.
        n_samples: Its length.
        rate_hz: Sampling rate.

    Returns:
        ``(3, N)`` counts.
    """
    time_s = np.arange(n_samples) / rate_hz
    phases = rng.uniform(0, 2 * np.pi, (3, 1))
    samples = 900 * np.sin(2 * np.pi * 0.3 * time_s + phases) + rng.normal(0, 120, (3, n_samples)) - 8500
    for onset_s, amplitude in ((P_S, 2e3), (S_S, 8e3)):
        late = np.clip(time_s - onset_s, 0.0, None)
        samples += amplitude * np.sin(2 * np.pi * 4.0 * late + phases) * (late > 0) * np.exp(-late / 4.0)
    return np.round(samples).astype(np.int32)


def write(
    path: Path, samples: NDArray[np.int32], rate_hz: float, start: obspy.UTCDateTime | None = None
) -> Path:
    """Write one record as channels HHZ, HHN and HHE of a station XX.TEST.

    Args:
        path: File to write.
        samples: ``(3, N)`` counts.
        rate_hz: Sampling rate.
        start: Time of the first sample; 1970 by default.

    Returns:
        The file.
    """
    header = {
        "network": "XX",
        "station": "TEST",
        "sampling_rate": rate_hz,
        "starttime": start or obspy.UTCDateTime(0),
    }
    traces = [
        obspy.Trace(trace, {**header, "channel": f"HH{component}"})
        for component, trace in zip(COMPONENTS, samples, strict=True)
    ]
    obspy.Stream(traces).write(path, format="MSEED", encoding="STEIM2", reclen=512)
    return path
