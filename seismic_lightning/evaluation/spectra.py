r"""How near a spectrogram is to that of a record, beside what the mean training spectrogram reaches.

Spectrograms are levels: :math:`x = \log_{10}(|Z| + \mathrm{floor})`, in decades (dex) of amplitude; 1 dex is
20 dB. With :math:`\bar x` the mean level of the training split, ``(C, F, T)``:

.. math:: \mathrm{skill} &= 1 - \frac{\sum (\hat x - x)^2}{\sum (\bar x - x)^2} \\
   r_{\mathrm{anomaly}} &= \frac{\sum (\hat x - \bar x)(x - \bar x)}
          {\sqrt{\sum (\hat x - \bar x)^2 \sum (x - \bar x)^2}} \\
   \mathrm{LSD} &= \frac{1}{CT} \sum_{c,t} \sqrt{\frac1F \sum_f (\hat x - x)^2}

Plain spectral correlation is Pearson's between :math:`\hat x` and :math:`x`. All records share most of their
spectrogram, so that the mean alone correlates with each of them at about 0.9; it is worth showing only
beside the anomaly correlation, which is zero for the mean. Anomalies are not centred again: the strength of a
record is a part of what is to be met.

References:
    Murphy, A. H. (1988), Monthly Weather Review 116(12), 2417-2424,
    doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2 (skill).
    Murphy, A. H. and Epstein, E. S. (1989), Monthly Weather Review 117(3), 572-582,
    doi:10.1175/1520-0493(1989)117<0572:SSACCI>2.0.CO;2 (anomaly correlation).
    Gray, A. H. and Markel, J. D. (1976), IEEE Trans. Acoust. Speech Signal Process. 24(5), 380-391,
    doi:10.1109/TASSP.1976.1162849 (log spectral distance).
    Yamamoto, R., Song, E. and Kim, J.-M. (2020), ICASSP, doi:10.1109/ICASSP40776.2020.9053795 (several
    resolutions).
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import finite, pair
from seismic_lightning.transforms.settings import StftSettings
from seismic_lightning.transforms.stft import Stft

RESOLUTIONS = (64, 256, 1024)
"""Window lengths in samples: 0.64, 2.56 and 10.24 s at 100 Hz, from an onset to the coda's slow decay."""
RELATIVE_FLOOR = 1e-4
"""Amplitudes 80 dB below the strongest of the reference record do not count: filters leave less than that."""
_RECORDS_AT_ONCE = 32
_SILENT = 1e-24


class SquaredErrors(NamedTuple):
    """Mean squared errors of each record, from which skill is taken over any choice of records.

    Attributes:
        answer: ``(B,)`` of what is judged, in dex squared.
        guess: ``(B,)`` of the mean training spectrogram.
    """

    answer: NDArray[np.float64]
    guess: NDArray[np.float64]

    def skill(self) -> float:
        """Return one minus the ratio of both sums; 1 is perfect, 0 no better than the mean.

        Raises:
            EvaluationError: All records equal the mean training spectrogram.
        """
        total = float(self.guess.sum())
        if total <= 0.0:
            raise EvaluationError("skill: every record equals the mean training spectrogram")
        return 1.0 - float(self.answer.sum()) / total


def squared_errors(level: ArrayLike, reference: ArrayLike, mean_level: ArrayLike) -> SquaredErrors:
    """Compare spectrograms, and the mean training spectrogram, with those of records.

    Args:
        level: ``(B, C, F, T)`` that is judged, in dex.
        reference: ``(B, C, F, T)`` of the records, in dex.
        mean_level: ``(C, F, T)`` mean of the training split, in dex.

    Returns:
        Both errors of each record.

    Raises:
        EvaluationError: Values are not finite, or shapes differ.
    """
    judged, record, mean = _levels(level, reference, mean_level)
    axes = (1, 2, 3)
    return SquaredErrors(((judged - record) ** 2).mean(axis=axes), ((mean - record) ** 2).mean(axis=axes))


def skill(level: ArrayLike, reference: ArrayLike, mean_level: ArrayLike) -> float:
    """Return the skill over all records.

    Args:
        level: ``(B, C, F, T)`` that is judged, in dex.
        reference: ``(B, C, F, T)`` of the records, in dex.
        mean_level: ``(C, F, T)`` mean of the training split, in dex.

    Returns:
        Up to 1; below 0 for what is worse than the mean.
    """
    return squared_errors(level, reference, mean_level).skill()


def anomaly_correlation(level: ArrayLike, reference: ArrayLike, mean_level: ArrayLike) -> NDArray[np.float64]:
    """Correlate what differs from the mean training spectrogram.

    Args:
        level: ``(B, C, F, T)`` that is judged, in dex.
        reference: ``(B, C, F, T)`` of the records, in dex.
        mean_level: ``(C, F, T)`` mean of the training split, in dex.

    Returns:
        ``(B,)`` from -1 to 1; 0 where one of the two has no anomaly, as the mean itself.
    """
    judged, record, mean = _levels(level, reference, mean_level)
    return _cosine(judged - mean, record - mean)


def spectral_correlation(level: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Correlate spectrograms as they are (Pearson), to be shown beside the anomaly correlation only.

    Args:
        level: ``(B, C, F, T)`` that is judged, in dex.
        reference: ``(B, C, F, T)`` of the records, in dex.

    Returns:
        ``(B,)`` from -1 to 1; 0 where one of the two is constant.
    """
    judged, record = pair("spectrograms", level, reference)
    axes = tuple(range(1, judged.ndim))
    return _cosine(
        judged - judged.mean(axis=axes, keepdims=True), record - record.mean(axis=axes, keepdims=True)
    )


def log_spectral_distance_dex(level: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Return the root mean square difference over frequency, as mean over frames and components.

    Args:
        level: ``(B, C, F, T)`` that is judged, in dex.
        reference: ``(B, C, F, T)`` of the records, in dex.

    Returns:
        ``(B,)`` in dex, 0 for equal spectrograms.

    Example:
        >>> log_spectral_distance_dex(np.full((1, 3, 4, 5), 2.5), np.full((1, 3, 4, 5), 2.0))
        array([0.5])
    """
    judged, record = pair("spectrograms", level, reference)
    if judged.ndim != 4:
        raise EvaluationError(f"spectrograms: (B, C, F, T) is asked for, got {judged.shape}")
    return np.asarray(np.sqrt(((judged - record) ** 2).mean(axis=2)).mean(axis=(1, 2)))


def multi_resolution_distance_dex(waveform: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Return the log spectral distance of waveforms, as mean over ``RESOLUTIONS``.

    Each resolution has Hann windows that overlap by three quarters. To amplitudes a floor is added that lies
    ``RELATIVE_FLOOR`` below the strongest of the reference record at that resolution.

    Args:
        waveform: ``(B, C, N)`` that is judged, any unit.
        reference: ``(B, C, N)`` records in the same unit.

    Returns:
        ``(B,)`` in dex, 0 for equal waveforms.

    Raises:
        EvaluationError: Values are not finite, shapes differ, or a record of the reference is silent.
    """
    judged, record = pair("waveforms", waveform, reference)
    if judged.ndim != 3:
        raise EvaluationError(f"waveforms: (B, C, N) is asked for, got {judged.shape}")
    silent = np.abs(record).max(axis=(1, 2)) < _SILENT
    if silent.any():
        raise EvaluationError(f"waveforms of the reference: record {np.flatnonzero(silent)[0]} is silent")
    distance = np.zeros(len(judged))
    for length in RESOLUTIONS:
        stft = Stft(StftSettings(length, length * 3 // 4, length), torch.float64)
        for start in range(0, len(judged), _RECORDS_AT_ONCE):
            part = slice(start, start + _RECORDS_AT_ONCE)
            first, second = (
                stft(torch.from_numpy(np.array(values[part], order="C"))) for values in (judged, record)
            )
            distance[part] += _distance_dex(first, second)
    return distance / len(RESOLUTIONS)


def _distance_dex(magnitude: Tensor, reference: Tensor) -> NDArray[np.float64]:
    """Return the distance of magnitudes, ``(B,)``."""
    floor = RELATIVE_FLOOR * reference.amax(dim=(1, 2, 3), keepdim=True)
    difference = torch.log10((magnitude + floor) / (reference + floor))
    distance = difference.square().mean(2).sqrt().mean((1, 2))
    return np.array(distance.tolist(), dtype=np.float64)


def _levels(
    level: ArrayLike, reference: ArrayLike, mean_level: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Check that three spectrograms belong together."""
    judged, record = pair("spectrograms", level, reference)
    mean = finite("mean training spectrogram", mean_level, 3)
    if judged.shape[1:] != mean.shape:
        raise EvaluationError(
            f"spectrograms of shape {judged.shape[1:]} do not belong to a mean training spectrogram of shape "
            f"{mean.shape}"
        )
    return judged, record, mean


def _cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine between flattened records, ``(B,)``, 0 where one of them is zero."""
    first, second = first.reshape(len(first), -1), second.reshape(len(second), -1)
    product = np.einsum("bk,bk->b", first, second)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.divide(product, lengths, out=np.zeros(len(first)), where=lengths > _SILENT)
