"""Records with a known recipe and the shipped preprocessing options."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from seismic_lightning.transforms.settings import PreprocessSettings

_CONF = Path(__file__).parents[2] / "conf"


def option(name: str, **changes: Any) -> PreprocessSettings:  # noqa: ANN401 - values of any setting
    """Return a shipped preprocessing option, with values replaced."""
    values = yaml.safe_load((_CONF / "preprocess" / f"{name}.yaml").read_text(encoding="utf-8"))
    return PreprocessSettings(**{**values, **changes})


def counts(n_records: int, rate_hz: float, length_s: float = 70.0, seed: int = 0) -> NDArray[np.int32]:
    """Return integer records of microseism, noise, drift, P and S packets on an offset, ``(n, 3, N)``."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(length_s * rate_hz) + 1) / rate_hz
    shape = (n_records, 3, 1)
    offset = np.where(rng.random(shape) < 0.7, rng.normal(-8500, 2500, shape), 1e6)
    microseism = 800 * np.sin(2 * np.pi * rng.uniform(0.2, 0.4, shape) * time_s + rng.uniform(0, 6, shape))
    packets = 3e3 * _packet(time_s, 10.0, min(6.0, 0.3 * rate_hz)) + 9e3 * _packet(time_s, 18.0, 2.5)
    noise = rng.normal(0, 150, (n_records, 3, len(time_s)))
    drift = rng.normal(0, 20, shape) * time_s
    records = offset + drift + microseism + packets * rng.normal(1, 0.3, shape) + noise
    return np.asarray(np.round(records), dtype=np.int32)


def _packet(time_s: NDArray[np.float64], onset_s: float, frequency_hz: float) -> NDArray[np.float64]:
    """Return a wave packet that rises within a period and decays within three seconds."""
    late = np.clip(time_s - onset_s, 0.0, None)
    envelope = (1 - np.exp(-late * frequency_hz)) * np.exp(-late / 3.0)
    return np.asarray(np.sin(2 * np.pi * frequency_hz * late) * envelope)
