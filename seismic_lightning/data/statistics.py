"""The figures that the training split decides: the scale of its spectrograms and their mean.

Fitting reads records of the training split once (some twice, for the floor), so the result is kept beside
the runs under a name made of everything it depends on. Of a large split it reads a draw, so that training
begins within seconds whatever the number of records: 2,048 records move the mean by a fortieth of the
deviation between records, and every later run draws the same ones.
"""

import hashlib
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from seismic_lightning.data.raw import RawBatch, RawRecords
from seismic_lightning.storage import write_atomically
from seismic_lightning.transforms.companding import CompandingFit, PowerCompanding
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.scaling import LogScaling, ScalingFit
from seismic_lightning.transforms.settings import COMPLEX, RepresentationSettings

_FLOOR_RECORDS = 1024
"""Records that decide the floor: a percentile over 40 million magnitudes does not move with more."""
MOST_RECORDS = 2048
"""Records that decide everything else."""
_BATCH_RECORDS = 64
_FIT_VERSION = 2
"""Raised whenever the same records and settings would yield other figures."""

log = logging.getLogger(__name__)


class TrainingStatistics(NamedTuple):
    """What is known of the training spectrograms as a whole.

    Attributes:
        scaling: Global scale of the log magnitudes.
        mean_spectrogram: ``(C, F, T)`` mean of the scaled log magnitudes.
        companding: Companding of the complex representation; None for the log magnitude.
    """

    scaling: LogScaling
    mean_spectrogram: Tensor
    companding: PowerCompanding | None = None


def training_statistics(
    records: RawRecords,
    front: SpectrogramFront,
    representation: RepresentationSettings,
    cache_dir: Path | None,
) -> TrainingStatistics:
    """Fit the scale of the training split, or read it back when the same fit has been done before.

    Args:
        records: The training split.
        front: Preprocessing and STFT, still without a scale.
        representation: What of the spectrogram the model sees.
        cache_dir: Folder for fitted figures; None fits anew.
    """
    if cache_dir is None:
        return fit_statistics(records, front, representation)
    path = cache_dir / f"{_key(records, front, representation)}.npz"
    cache_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if path.is_file():
            return _read(path)
        statistics = fit_statistics(records, front, representation)
        _write(path, statistics)
    return statistics


def fit_statistics(
    records: RawRecords,
    front: SpectrogramFront,
    representation: RepresentationSettings | None = None,
    most_records: int = MOST_RECORDS,
) -> TrainingStatistics:
    """Fit floor, mean, standard deviation and mean spectrogram on training records.

    Args:
        records: The training split.
        front: Preprocessing and STFT.
        representation: What of the spectrogram the model sees; None is the log magnitude.
        most_records: Of a larger split, so many are drawn; the draw depends on its size alone.
    """
    drawn = np.random.default_rng(0).permutation(len(records))[:most_records]
    of = "" if len(drawn) == len(records) else f" drawn from {len(records)}"
    log.info("Fitting the spectrogram scale on %d records%s.", len(drawn), of)
    fit = ScalingFit()
    chosen_kind = representation or RepresentationSettings()
    parts = CompandingFit(chosen_kind.exponent) if chosen_kind.kind == COMPLEX else None
    for batch in _batches(records, np.sort(drawn[:_FLOOR_RECORDS])):
        fit.update_floor(_signal(front, batch))
    for batch in _batches(records, np.sort(drawn)):
        magnitude = _magnitude(front, batch)
        fit.update(magnitude)
        if parts is not None:
            parts.update(magnitude)
    companding = None if parts is None else parts.result()
    return TrainingStatistics(fit.result(), fit.mean_spectrogram(), companding)


def _magnitude(front: SpectrogramFront, batch: RawBatch) -> Tensor:
    with torch.no_grad():
        return front.magnitude(front.waveform(batch.groups, batch.band, batch.instrument))


def _signal(front: SpectrogramFront, batch: RawBatch) -> Tensor:
    """Return the magnitudes that can hold signal: inside the passband and between the tapers.

    What a filter, a taper or a low sampling rate has emptied holds rounding errors, ten decades below the
    quietest noise; a floor that is to set noise apart from nothing must not be measured there.

    Returns:
        ``(n, C)`` magnitudes of all bins of all records that qualify.
    """
    settings, magnitude = front.preprocess.settings, _magnitude(front, batch)
    frequencies_hz = front.stft.frequencies_hz(settings.sampling_rate_hz)
    times_s = front.stft.times_s(settings.sampling_rate_hz, magnitude.shape[-1])
    taper_s = settings.taper_fraction * float(times_s[-1])
    untapered = (times_s >= taper_s) & (times_s <= times_s[-1] - taper_s)
    passed = torch.zeros(len(batch.band), len(frequencies_hz), dtype=torch.bool)
    for group in batch.groups:
        low_hz, high_hz = front.preprocess.passbands_hz(group.sampling_rate_hz)[batch.band[group.positions]].T
        passed[group.positions] = (frequencies_hz >= low_hz[:, None]) & (frequencies_hz <= high_hz[:, None])
    kept = passed[:, :, None] & untapered
    return magnitude.permute(0, 2, 3, 1)[kept]


def _batches(records: RawRecords, places: np.ndarray) -> Iterator[RawBatch]:
    for start in range(0, len(places), _BATCH_RECORDS):
        yield records.__getitems__(places[start : start + _BATCH_RECORDS].tolist())


def _key(records: RawRecords, front: SpectrogramFront, representation: RepresentationSettings) -> str:
    made_of: dict[str, Any] = {
        "dataset": records.dataset.dataset_id,
        "preprocess": asdict(front.preprocess.settings),
        "stft": asdict(front.stft.settings),
        "representation": asdict(representation),
        "fit": _FIT_VERSION,
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def _read(path: Path) -> TrainingStatistics:
    with np.load(path, allow_pickle=False) as stored:
        scaling = LogScaling(*stored["scaling"].tolist())
        constants = stored["companding"].tolist()
        return TrainingStatistics(
            scaling,
            torch.from_numpy(stored["mean_spectrogram"]),
            PowerCompanding(*constants) if constants else None,
        )


def _write(path: Path, statistics: TrainingStatistics) -> None:
    content = io.BytesIO()
    np.savez(
        content,
        scaling=np.array(statistics.scaling.constants),
        mean_spectrogram=statistics.mean_spectrogram.numpy(),
        companding=np.array(() if statistics.companding is None else statistics.companding.constants),
    )
    write_atomically(path, content.getvalue())
