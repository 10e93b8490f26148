"""What the training split gives to an evaluation: a mean spectrogram, a classifier, what could be copied."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.errors import EvaluationError, TooFewRecordsError
from seismic_lightning.evaluation.bins import DISTANCE_EDGES_KM, MAGNITUDE_EDGES, Bins
from seismic_lightning.evaluation.chosen import choose
from seismic_lightning.evaluation.classifier import SpectrogramClassifier, coarse, fit_on_grid
from seismic_lightning.evaluation.fourier import bands_below, fas_features
from seismic_lightning.evaluation.ground import COUNTS, Ground, ground_of
from seismic_lightning.evaluation.progress import StepProgress
from seismic_lightning.evaluation.reading import BATCH_RECORDS, JudgedRecords
from seismic_lightning.evaluation.subject import distances_km, usable

TRAIN, DEV = "train", "dev"
MIN_INSIDE = 0.8
"""Share of the training records that the usual bins have to hold; other bins are made for other data."""
N_BINS = 3
"""Bins of magnitude and of distance in data that the usual ones do not fit."""


class Schooling(NamedTuple):
    """What is known of the training split.

    Attributes:
        mean_level: ``(C, F, T)`` mean spectrogram in dex.
        features: ``(M, K)`` smoothed Fourier amplitudes in dex, in the unit that records are judged in; None
            where that unit cannot be reached.
        bins: Of magnitude and distance.
        classifier: Of these bins; None where it cannot be taught.
        events: Identifiers of the events of the whole split.
        notes: One sentence each.
    """

    mean_level: NDArray[np.float64]
    features: NDArray[np.float64] | None
    bins: Bins
    classifier: SpectrogramClassifier | None
    events: frozenset[str]
    notes: list[str]


def learn(seen: JudgedRecords, unit: str, max_records: int, seed: int, progress: StepProgress) -> Schooling:
    """Read the training split of a dataset, and teach a classifier on it.

    Args:
        seen: The dataset through the checkpoint.
        unit: The unit that records are judged in.
        max_records: At most so many are read.
        seed: Of what is drawn, and of the classifier.
        progress: Told of the records read.

    Raises:
        EvaluationError: The dataset has no training split.
    """
    chosen = choose(seen.dataset, TRAIN, max_records, seed)
    metadata = seen.dataset.metadata
    ground = Ground(COUNTS) if unit == COUNTS else ground_of(seen.dataset, chosen.rows, seen.trained.unit)
    bands = bands_below(seen.trained.rate_hz)
    total, grids, features, kept = 0.0, [], [], []
    for number, batch in enumerate(seen.batches(chosen.rows)):
        good = usable(batch)
        level = seen.level(batch.spectrogram)[good]
        if good.any():
            places = number * BATCH_RECORDS + np.flatnonzero(good)
            kept.append(places)
            total = total + level.sum(axis=0, dtype=np.float64)
            grids.append(coarse(level))
            motion = ground.of(batch.waveform.cpu().numpy()[good], places, seen.trained.rate_hz)
            features.append(fas_features(motion, seen.trained.rate_hz, bands))
        done = min((number + 1) * BATCH_RECORDS, len(chosen.rows))
        progress("reading the training split", done, len(chosen.rows))
    if not kept:
        raise EvaluationError(f"{seen.dataset.root}: every record of its training split is silent")
    rows = chosen.rows[np.concatenate(kept)]
    progress("teaching a classifier", 0, 1)
    used = metadata.iloc[rows]
    magnitude, distance_km = used["source_magnitude"].to_numpy(dtype=np.float64), distances_km(used)
    bins, notes = bins_for(magnitude, distance_km)
    classifier, told = _taught(torch.cat(grids), bins, bins.place(magnitude, distance_km), seed)
    return Schooling(
        mean_level=np.asarray(total / len(rows)),
        features=np.concatenate(features) if ground.unit == unit else None,
        bins=bins,
        classifier=classifier,
        events=frozenset(metadata["source_id"][metadata["split"] == TRAIN].astype(str)),
        notes=[
            f"Mean spectrogram, classifier and nearest training records rest on {len(rows)} of "
            f"{(metadata['split'] == TRAIN).sum()} training records.",
            *notes,
            *told,
        ],
    )


def bins_for(magnitude: NDArray[np.float64], distance_km: NDArray[np.float64]) -> tuple[Bins, list[str]]:
    """Return bins that hold most records: the usual ones, or thirds of other data.

    Args:
        magnitude: ``(B,)``.
        distance_km: ``(B,)``.

    Returns:
        The bins, and a sentence where they are not the usual ones.
    """
    usual = Bins(MAGNITUDE_EDGES, DISTANCE_EDGES_KM)
    if (usual.place(magnitude, distance_km) >= 0).mean() >= MIN_INSIDE:
        return usual, []
    edges = [_edges(values, digits) for values, digits in ((magnitude, 1), (distance_km, 0))]
    return Bins(*edges), [
        f"Bins were made for these data: magnitudes {', '.join(f'{edge:g}' for edge in edges[0])}, distances "
        f"{', '.join(f'{edge:g}' for edge in edges[1])} km."
    ]


def _edges(values: NDArray[np.float64], digits: int) -> tuple[float, ...]:
    """Return rounded quantiles that enclose all values."""
    step = 10.0**-digits
    inner = np.quantile(values, np.arange(1, N_BINS) / N_BINS).round(digits)
    low, high = np.floor(values.min() / step) * step, np.floor(values.max() / step) * step + step
    between = [edge for edge in np.unique(inner).tolist() if low < edge < high]
    return (round(float(low), digits), *between, round(float(high), digits))


def _taught(
    grid: Tensor, bins: Bins, place: NDArray[np.int64], seed: int
) -> tuple[SpectrogramClassifier | None, list[str]]:
    """Teach a classifier, or say why there is none."""
    try:
        return fit_on_grid(grid, place, len(bins.names), seed=seed), []
    except TooFewRecordsError as error:
        return None, [f"No classifier of magnitude and distance: {error}."]
