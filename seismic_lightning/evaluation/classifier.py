"""A small classifier of spectrograms: the eye whose features and mistakes tell generated records apart.

It is taught on real records to name the bin of magnitude and distance. Where its accuracy on generated
records, whose bins are those asked for, equals that on held-out real ones, the condition is met as far as it
can see; its last features before the decision are what ``frechet_distance`` compares. Taught on real against
generated records, it is the discriminator.

Spectrograms are brought to a coarse grid before, as mean and standard deviation within each cell: a few
minutes of CPU at most, and the speckle that a blurred spectrogram lacks stays visible. Equal seeds give equal
classifiers on one machine.

References:
    Heusel, M. et al. (2017), Advances in Neural Information Processing Systems 30,
    doi:10.48550/arXiv.1706.08500 (distance in an embedding).
    Lopez-Paz, D. and Oquab, M. (2017), ICLR, doi:10.48550/arXiv.1610.06545 (classifier two-sample test).
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seismic_lightning.errors import EvaluationError, TooFewRecordsError
from seismic_lightning.evaluation.checks import finite

GRID = (32, 28)
"""Cells of frequency and time."""
_RECORDS_AT_ONCE = 256


class Teaching(NamedTuple):
    """How a classifier is taught.

    Attributes:
        n_epochs: Times that each record is seen.
        batch_size: Records in a step.
        learning_rate: Of Adam.
        channels: Feature maps of the first layer; the embedding has four times as many.
    """

    n_epochs: int = 12
    batch_size: int = 64
    learning_rate: float = 2e-3
    channels: int = 16


class SpectrogramClassifier(nn.Module):
    """Three convolutions, a mean and a maximum over the record, and one decision."""

    mean: Tensor
    std: Tensor

    def __init__(self, n_components: int, n_classes: int, channels: int = 16) -> None:
        """Build the layers.

        Args:
            n_components: C of the spectrograms.
            n_classes: Classes to tell apart.
            channels: Feature maps of the first layer.
        """
        super().__init__()
        self.register_buffer("mean", torch.zeros(2 * n_components, 1, 1))
        self.register_buffer("std", torch.ones(2 * n_components, 1, 1))
        self.layers = nn.Sequential(
            nn.Conv2d(2 * n_components, channels, 3, padding=1),
            nn.GELU(),
            nn.AvgPool2d(2),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.GELU(),
            nn.AvgPool2d(2),
            nn.Conv2d(2 * channels, 4 * channels, 3, padding=1),
            nn.GELU(),
        )
        self.embedding = nn.Linear(8 * channels, 4 * channels)
        self.decision = nn.Linear(4 * channels, n_classes)

    def embed(self, grid: Tensor) -> Tensor:
        """Return the features before the decision.

        Args:
            grid: ``(B, 2 C, *GRID)`` of ``coarse``.

        Returns:
            ``(B, 4 channels)``.
        """
        maps = self.layers((grid - self.mean) / self.std)
        pooled = torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)
        return F.gelu(self.embedding(pooled))

    def forward(self, grid: Tensor) -> Tensor:
        """Return the classes' logits.

        Args:
            grid: ``(B, 2 C, *GRID)`` of ``coarse``.

        Returns:
            ``(B, n_classes)``.
        """
        logits: Tensor = self.decision(self.embed(grid))
        return logits


def fit_classifier(
    level: ArrayLike,
    label: ArrayLike,
    n_classes: int,
    *,
    seed: int,
    teaching: Teaching | None = None,
) -> SpectrogramClassifier:
    """Teach a classifier on spectrograms.

    Args:
        level: ``(B, C, F, T)`` spectrograms, in dex or scaled.
        label: ``(B,)`` class of each record, from 0; negative for records of no class, which are left out.
        n_classes: Number of classes.
        seed: Equal seeds give equal classifiers.
        teaching: Length and size, the defaults without.

    Returns:
        The classifier, ready to judge.

    Raises:
        EvaluationError: Values are not finite, labels do not fit, or fewer than two classes have records.
    """
    return fit_on_grid(coarse(level), label, n_classes, seed=seed, teaching=teaching)


def fit_on_grid(
    grid: Tensor,
    label: ArrayLike,
    n_classes: int,
    *,
    seed: int,
    teaching: Teaching | None = None,
) -> SpectrogramClassifier:
    """Teach a classifier on spectrograms that are coarse already, as those of a training split are kept.

    Args:
        grid: ``(B, 2 C, *GRID)`` of ``coarse``.
        label: As ``fit_classifier``.
        n_classes: Number of classes.
        seed: Equal seeds give equal classifiers.
        teaching: Length and size, the defaults without.

    Returns:
        The classifier, ready to judge.

    Raises:
        EvaluationError: Labels do not fit, or fewer than two classes have records.
    """
    teaching = teaching or Teaching()
    labels = torch.from_numpy(_labels(label, len(grid), n_classes))
    grid, labels = grid[labels >= 0], labels[labels >= 0]
    n_found = int((torch.bincount(labels, minlength=n_classes) > 0).sum())
    if n_found < 2:
        raise TooFewRecordsError(
            f"classifier: the {len(labels)} records with a class are of {n_found} class; two are needed"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = SpectrogramClassifier(grid.shape[1] // 2, n_classes, teaching.channels)
    axes = (0, 2, 3)
    classifier.mean = grid.mean(axes)[:, None, None]
    classifier.std = grid.std(axes).clamp_min(1e-6)[:, None, None]
    _teach(classifier, grid, labels, teaching, torch.Generator().manual_seed(seed))
    return classifier.eval()


def coarse(level: ArrayLike) -> Tensor:
    """Bring spectrograms to the classifier's grid.

    Args:
        level: ``(B, C, F, T)`` spectrograms, any size.

    Returns:
        ``(B, 2 C, *GRID)`` float32: means of all components, then standard deviations within cells.
    """
    given = np.asarray(level)
    parts = [given[start : start + _RECORDS_AT_ONCE] for start in range(0, len(given), _RECORDS_AT_ONCE)]
    return torch.cat([_coarse(part) for part in parts or [given]])


def _coarse(level: ArrayLike) -> Tensor:
    values = np.array(finite("spectrograms", level, 4), dtype=np.float32, order="C")
    levels = torch.from_numpy(values)
    mean = F.adaptive_avg_pool2d(levels, GRID)
    square = F.adaptive_avg_pool2d(levels.square(), GRID)
    return torch.cat([mean, (square - mean.square()).clamp_min(0.0).sqrt()], dim=1)


def embed(classifier: SpectrogramClassifier, level: ArrayLike) -> NDArray[np.float64]:
    """Return what the classifier sees in spectrograms, for ``frechet_distance``.

    Args:
        classifier: A taught classifier.
        level: ``(B, C, F, T)`` spectrograms, scaled as those of the teaching.

    Returns:
        ``(B, D)`` features.
    """
    with torch.no_grad():
        parts = [classifier.embed(part) for part in torch.split(coarse(level), _RECORDS_AT_ONCE)]
    return torch.cat(parts).double().numpy()


def correct(classifier: SpectrogramClassifier, level: ArrayLike, label: ArrayLike) -> NDArray[np.float64]:
    """Tell which records the classifier names rightly; the mean is its accuracy.

    Args:
        classifier: A taught classifier.
        level: ``(B, C, F, T)`` spectrograms, scaled as those of the teaching.
        label: ``(B,)`` true or requested class; negative for none.

    Returns:
        ``(B,)`` 1 for right, 0 for wrong, NaN for records of no class.

    Raises:
        EvaluationError: Labels do not fit, or no record has a class.
    """
    return correct_on_grid(classifier, coarse(level), label)


def correct_on_grid(classifier: SpectrogramClassifier, grid: Tensor, label: ArrayLike) -> NDArray[np.float64]:
    """Tell which records the classifier names rightly, of spectrograms that are coarse already.

    Args:
        classifier: A taught classifier.
        grid: ``(B, 2 C, *GRID)`` of ``coarse``.
        label: As ``correct``.

    Returns:
        As ``correct``.

    Raises:
        EvaluationError: Labels do not fit, or no record has a class.
    """
    labels = _labels(label, len(grid), classifier.decision.out_features)
    if (labels < 0).all():
        raise TooFewRecordsError(f"classifier: none of {len(grid)} records lies in a class it was taught")
    with torch.no_grad():
        named = torch.cat(
            [classifier(part).argmax(1) for part in torch.split(grid, _RECORDS_AT_ONCE)]
        ).numpy()
    return np.where(labels >= 0, (named == labels).astype(np.float64), np.nan)


def _labels(label: ArrayLike, n_records: int, n_classes: int) -> NDArray[np.int64]:
    """Check that there is one class number per record, below the number of classes."""
    labels = np.asarray(label, dtype=np.int64)
    if labels.shape != (n_records,) or labels.max() >= n_classes:
        raise EvaluationError(
            f"classifier: {n_records} records and {n_classes} classes do not fit labels of shape "
            f"{labels.shape} up to {labels.max(initial=-1)}"
        )
    return labels


def _teach(
    classifier: SpectrogramClassifier,
    grid: Tensor,
    labels: Tensor,
    teaching: Teaching,
    generator: torch.Generator,
) -> None:
    """Minimise cross entropy with a learning rate that falls to zero."""
    optimizer = torch.optim.Adam(classifier.parameters(), teaching.learning_rate)
    n_steps = teaching.n_epochs * -(-len(labels) // teaching.batch_size)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(teaching.n_epochs):
        for rows in torch.split(torch.randperm(len(labels), generator=generator), teaching.batch_size):
            optimizer.zero_grad()
            torch.autograd.backward(F.cross_entropy(classifier(grid[rows]), labels[rows]))
            optimizer.step()
            scheduler.step()
