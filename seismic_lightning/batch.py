"""The one contract between data and models.

Shape legend, used by every docstring of the package:

======  ==========================================
letter  meaning
======  ==========================================
``B``   records in a batch
``C``   components: 3 in the order Z, N, E, or Z alone
``N``   samples of a waveform
``F``   frequency bins of a spectrogram
``T``   frames of a spectrogram
``D``   dimensions of a latent vector
``K``   features of an encoded condition
======  ==========================================

``NamedTuple`` s rather than dataclasses: PyTorch collates, pins and moves them without help.
"""

from typing import NamedTuple

from torch import Tensor


class Condition(NamedTuple):
    """What is known of a record beside its samples, scaled as the model wants it.

    Attributes:
        magnitude: ``(B,)`` magnitude, standardised on the training split.
        location: ``(B, 3)`` hypocentre latitude, longitude and depth, or ``(B, 5)`` figures of the path to
            the station, each standardised on the training split.
        station: ``(B,)`` int64 place of the station in the vocabulary; 0 is any station unseen in training.
    """

    magnitude: Tensor
    location: Tensor
    station: Tensor


class Batch(NamedTuple):
    """One batch as a model receives it.

    Attributes:
        waveform: ``(B, C, N)`` preprocessed samples at the common sampling rate, in the unit that
            ``preprocess.units`` asks for.
        spectrogram: ``(B, C, F, T)`` scaled log magnitude, dimensionless; with ``representation=complex``
            ``(B, 2C, F, T)``, real parts of all components before imaginary ones.
        condition: Scaled conditions of the same records.
        index: ``(B,)`` int64 row of each record in the dataset's metadata.
    """

    waveform: Tensor
    spectrogram: Tensor
    condition: Condition
    index: Tensor  # type: ignore[assignment] # a field, not tuple.index
