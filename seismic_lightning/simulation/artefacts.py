"""What telemetry, clocks and sensors do to a record, at the rates of the real archive.

Lost samples are marked as missing, never written as zeros: what to make of them is the reader's choice.
Gaps come in packets of miniSEED, some three to six seconds at 100 Hz; real gaps pile up at 5 and 10 s.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.simulation.instrument import FULL_SCALE_COUNTS

RATES = {
    "drift": 0.05,
    "pulse": 0.006,
    "step": 0.004,
    "spike": 0.02,
    "clipped": 0.004,
    "dead": 0.001,
    "gap": 0.054,
    "truncated": 0.006,
    "absent": 0.003,
    "short": 0.006,
}
"""Share of records with each artefact, in the order in which they are applied: slow baseline drift; a tilt
that the sensor turns into a long pulse; a step of the offset; spikes; clipping below full scale; a component
of zeros; lost packets; a file that ends early; a component without samples; a window short of a sample or
two."""
ALL_COMPONENTS_SHARE = 0.45
"""Of records with lost packets, those that lost them on all components."""
EXTRA_GAPS = 0.35
"""Mean number of further lost stretches per component."""
GAP_LENGTHS_S = ((1.2, 3.5), (4.6, 5.4), (5.4, 30.0))
GAP_SHARES = (0.42, 0.45, 0.13)
MEAN_TRUNCATION_S = 4.0
DRIFT_COUNTS, DRIFT_SD_LN, DRIFT_KNOTS = 1500.0, 0.8, 6
PULSE_COUNTS, PULSE_SD_LN, PULSE_RISE_S = 8e4, 1.0, (4.0, 12.0)
"""KO.LAP, 2023-12-20: 2.5e5 counts, risen in 15 s."""
STEP_SD_COUNTS = 4000.0
SPIKE_RATIO, SPIKE_SD_LN, MAX_SPIKES = 20.0, 0.7, 3
"""Median spike over the standard deviation before P."""
CLIPPED_PERCENTILE = 99.5


class Frame(NamedTuple):
    """Where the window of interest lies in the records.

    Attributes:
        rate_hz: Sampling rate.
        start: First sample of the window.
        stop: One past its last sample.
    """

    rate_hz: float
    start: int
    stop: int


def add_artefacts(
    counts: NDArray[np.int32], missing: NDArray[np.bool_], frame: Frame, rng: np.random.Generator
) -> tuple[str, ...]:
    """Damage records in place.

    Args:
        counts: ``(B, 3, N)``; lost samples receive the fill value.
        missing: ``(B, 3, N)`` all False; lost samples become True.
        frame: Window that gaps and ends refer to.
        rng: Generator.

    Returns:
        Names of each record's artefacts joined by ``+``, empty for a sound one.
    """
    hit = rng.random((counts.shape[0], len(RATES))) < np.array(list(RATES.values()))
    tags = []
    for samples, lost, row in zip(counts, missing, hit, strict=True):
        names = [name for name, happens in zip(RATES, row, strict=True) if happens]
        for name in names:
            if name in _LOSSES:
                _LOSSES[name](lost, frame, rng)
            else:
                _DISTORTIONS[name](samples, frame, rng)
        if names:
            np.clip(samples, -FULL_SCALE_COUNTS, FULL_SCALE_COUNTS - 1, out=samples)
            samples[lost] = FILL_COUNTS
        tags.append("+".join(names))
    return tuple(tags)


def _drift(samples: NDArray[np.int32], frame: Frame, rng: np.random.Generator) -> None:
    size = DRIFT_COUNTS * rng.lognormal(0.0, DRIFT_SD_LN)
    knots = rng.normal(0.0, 1.0, DRIFT_KNOTS).cumsum()
    place = np.linspace(0, DRIFT_KNOTS - 1, samples.shape[1])
    samples[rng.integers(3)] += (size * np.interp(place, np.arange(DRIFT_KNOTS), knots)).astype(np.int32)


def _pulse(samples: NDArray[np.int32], frame: Frame, rng: np.random.Generator) -> None:
    start_s, rise_s = rng.uniform(0.0, (frame.stop - frame.start) / frame.rate_hz), rng.uniform(*PULSE_RISE_S)
    size = rng.choice([-1.0, 1.0]) * PULSE_COUNTS * rng.lognormal(0.0, PULSE_SD_LN)
    after = np.clip((np.arange(samples.shape[1]) - frame.start) / frame.rate_hz - start_s, 0.0, None) / rise_s
    overshoot = np.clip(after - 2.5, 0.0, None)
    pulse = np.e * after * np.exp(-after) - 0.1 * overshoot * np.exp(-0.35 * after)
    samples[rng.integers(1, 3)] += (size * pulse).astype(np.int32)


def _step(samples: NDArray[np.int32], frame: Frame, rng: np.random.Generator) -> None:
    samples[rng.integers(3), rng.integers(frame.start, frame.stop) :] += int(rng.normal(0.0, STEP_SD_COUNTS))


def _spike(samples: NDArray[np.int32], frame: Frame, rng: np.random.Generator) -> None:
    row, count = samples[rng.integers(3)], rng.integers(1, MAX_SPIKES + 1)
    quiet = max(float(row[: frame.start + round(9 * frame.rate_hz)].std()), 1.0)
    sizes = rng.choice([-1.0, 1.0], count) * SPIKE_RATIO * quiet * rng.lognormal(0.0, SPIKE_SD_LN, count)
    row[rng.integers(frame.start, frame.stop, count)] += sizes.astype(np.int32)


def _clip(samples: NDArray[np.int32], frame: Frame, rng: np.random.Generator) -> None:
    mean = samples.mean(axis=1, keepdims=True)
    limit = np.percentile(np.abs(samples - mean), CLIPPED_PERCENTILE) + 1
    samples[:] = np.clip(samples, mean - limit, mean + limit)


def _die(samples: NDArray[np.int32], frame: Frame, rng: np.random.Generator) -> None:
    samples[rng.integers(3)] = 0


def _lose_packets(lost: NDArray[np.bool_], frame: Frame, rng: np.random.Generator) -> None:
    rows = range(3) if rng.random() < ALL_COMPONENTS_SHARE else [int(rng.integers(3))]
    for row in rows:
        for _ in range(1 + rng.poisson(EXTRA_GAPS)):
            length = round(rng.uniform(*GAP_LENGTHS_S[rng.choice(3, p=GAP_SHARES)]) * frame.rate_hz)
            first = frame.start + int(rng.integers(-(length // 2), frame.stop - frame.start - 1))
            lost[row, max(first, 0) : first + length] = True


def _truncate(lost: NDArray[np.bool_], frame: Frame, rng: np.random.Generator) -> None:
    length = int(rng.exponential(MEAN_TRUNCATION_S) * frame.rate_hz) + 1
    lost[:, max(frame.stop - length, 0) :] = True


def _remove(lost: NDArray[np.bool_], frame: Frame, rng: np.random.Generator) -> None:
    lost[rng.integers(3)] = True


def _shorten(lost: NDArray[np.bool_], frame: Frame, rng: np.random.Generator) -> None:
    lost[rng.integers(3), frame.stop - int(rng.integers(1, 3)) :] = True


_DISTORTIONS = {
    "drift": _drift,
    "pulse": _pulse,
    "step": _step,
    "spike": _spike,
    "clipped": _clip,
    "dead": _die,
}
_LOSSES = {"gap": _lose_packets, "truncated": _truncate, "absent": _remove, "short": _shorten}
