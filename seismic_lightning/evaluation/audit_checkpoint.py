"""What a checkpoint knows of the data: from which dataset, and from which of its splits.

Scales and vocabulary are fitted again, on the training split and on all records, and compared with those of
the checkpoint. They must agree with the former; that they differ from the latter shows that the comparison
could have told.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.condition import ConditionScaling, station_names
from seismic_lightning.data.ground_motion import ground_motion
from seismic_lightning.data.raw import RawRecords
from seismic_lightning.data.statistics import MOST_RECORDS, fit_statistics
from seismic_lightning.data.trained_on import DataOfCheckpoint
from seismic_lightning.evaluation.audit_findings import Finding
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.scaling import ScalingConstants

SAME_SCALE_DECADES = 1e-4
"""Means and deviations of log magnitude nearer than this are one fit, whatever machine made it."""
SAME_CONDITION = 1e-6
"""The same for the scales of conditions, relative to the larger number."""
_REMEDY = "train again: scales are fitted on the training split by every run of train.py"
SHOWN = 3
ITS_DATASET, SCALE = "dataset of the checkpoint", "scale of spectrograms"
CONDITIONS, STATIONS = "scales of conditions", "station vocabulary"


def checkpoint_findings(dataset: CuratedDataset, trained: DataOfCheckpoint) -> list[Finding]:
    """Run all checks of a checkpoint against the dataset that it is to be judged on.

    Args:
        dataset: The dataset.
        trained: What the checkpoint says.
    """
    if trained.dataset_id != dataset.dataset_id:
        found = (
            f"trained on {trained.dataset_id[:16]}, audited with {dataset.dataset_id[:16]}: training events "
            "may be among its test events"
        )
        remedy = "give the dataset_dir of its own training, or train on this dataset"
        return [
            Finding(ITS_DATASET, found, "error", remedy),
            *(
                Finding(what, "not compared: of another dataset", "note")
                for what in (SCALE, CONDITIONS, STATIONS)
            ),
        ]
    return [
        Finding(ITS_DATASET, f"trained on this dataset, {dataset.dataset_id[:16]}", "ok"),
        scaling_statistics(dataset, trained.front),
        condition_statistics(dataset.metadata, trained.conditions),
        station_vocabulary(dataset.metadata, trained.conditions),
    ]


def scaling_statistics(dataset: CuratedDataset, front: Mapping[str, Any]) -> Finding:
    """Compare the spectrogram scale of a checkpoint with fits on the training split and on all records.

    Args:
        dataset: The dataset.
        front: Settings of preprocessing, STFT and scaling.
    """
    kept = ScalingConstants(**front["scaling"])
    split = dataset.metadata["split"].to_numpy()
    train = np.flatnonzero(split == "train")
    of_train = _fit(dataset, front, train, MOST_RECORDS)
    of_all = _fit(dataset, front, np.arange(len(dataset)), MOST_RECORDS)
    if _apart(kept, of_train) > SAME_SCALE_DECADES:  # older checkpoints took the whole of a large split
        of_train = _fit(dataset, front, train, train.size)
    to_train, to_all, apart = _apart(kept, of_train), _apart(kept, of_all), _apart(of_train, of_all)
    found = (
        f"mean and deviation of log magnitude are {to_train:.1e} decades from those of the training split, "
        f"{to_all:.1e} from those of all records"
    )
    return _of_training(SCALE, found, (to_train, to_all, apart), SAME_SCALE_DECADES)


def condition_statistics(metadata: pd.DataFrame, conditions: Mapping[str, Any]) -> Finding:
    """Compare the scales of conditions of a checkpoint with fits on the training split and on all records.

    Args:
        metadata: One row per record of a dataset.
        conditions: Scales of the checkpoint.
    """
    kept, features = _scales(conditions), ConditionScaling.from_settings(dict(conditions)).features
    train = metadata[metadata["split"] == "train"]
    of_train = _scales(ConditionScaling.fit(train, features).settings())
    of_all = _scales(ConditionScaling.fit(metadata, features).settings())
    to_train, to_all = _farthest(kept, of_train), _farthest(kept, of_all)
    found = (
        f"{len(kept)} means and deviations are within {to_train:.1e} of those of the training split, within "
        f"{to_all:.1e} of those of all records (relative)"
    )
    apart = _farthest(of_train, of_all)
    return _of_training(CONDITIONS, found, (to_train, to_all, apart), SAME_CONDITION)


def _of_training(what: str, found: str, distances: tuple[float, float, float], same: float) -> Finding:
    """Say whether statistics are those of the training split.

    Args:
        what: Name of the check.
        found: What was measured.
        distances: From the checkpoint to the training split and to all records, and between these two.
        same: Below which statistics are equal.
    """
    to_train, to_all, apart = distances
    if to_train > same:
        seen = "; validation and test were seen" if to_all < to_train else "; fitted on other records"
        return Finding(what, found + seen, "error", _REMEDY)
    if apart <= same:
        return Finding(what, f"{found}; too near each other to tell them apart", "note")
    return Finding(what, found, "ok")


def station_vocabulary(metadata: pd.DataFrame, conditions: Mapping[str, Any]) -> Finding:
    """Compare the stations that a checkpoint knows with those of the training split.

    Args:
        metadata: One row per record of a dataset.
        conditions: Vocabulary of the checkpoint.
    """
    known = set(conditions["stations"])
    train = set(station_names(metadata[metadata["split"] == "train"]))
    others = set(station_names(metadata)) - train
    foreign, lacking = sorted(known - train), sorted(train - known)
    found = f"{len(known)} stations, {len(train)} in training, {len(others)} only in validation and test"
    if not foreign and not lacking:
        return Finding(STATIONS, found, "ok")
    named = foreign or lacking
    what_of = "known without a training record" if foreign else "of training not known"
    shown = ", ".join(named[:SHOWN]) + (f" and {len(named) - SHOWN} more" if len(named) > SHOWN else "")
    return Finding(STATIONS, f"{found}; {what_of}: {shown}", "error", _REMEDY)


def _fit(
    dataset: CuratedDataset, front: Mapping[str, Any], rows: NDArray[np.int64], most_records: int
) -> ScalingConstants:
    """Fit the scale on some records, or on a draw of many."""
    motion = ground_motion(dataset, front["preprocess"]["units"])
    transform = SpectrogramFront.from_settings({**front, "scaling": None}, motion.instruments)
    metadata = dataset.metadata
    band = transform.preprocess.bands(
        metadata["trace_channel"].astype(str).tolist(), metadata["source_magnitude"].astype(float).tolist()
    )
    condition = ConditionScaling.fit(metadata)(metadata)  # asked for by the records, read by nobody here
    records = RawRecords(dataset, rows, band, motion.instrument, condition)
    return fit_statistics(records, transform, most_records=most_records).scaling.constants


def _apart(first: ScalingConstants, second: ScalingConstants) -> float:
    """Return the larger difference of mean and deviation, in decades."""
    return max(abs(first.mean - second.mean), abs(first.std - second.std))


def _scales(conditions: Mapping[str, Any]) -> list[float]:
    """Return the means and deviations of conditions; what is known of stations is no scale."""
    return _numbers({name: conditions.get(name, []) for name in ("magnitude", "location", "path")})


def _numbers(settings: Any) -> list[float]:  # noqa: ANN401 - a plain tree of numbers, lists and dictionaries
    """Return all numbers of plain settings in their order, names and texts left out."""
    if isinstance(settings, Mapping):
        return [number for name in sorted(settings) for number in _numbers(settings[name])]
    if isinstance(settings, list | tuple):
        return [number for value in settings for number in _numbers(value)]
    return [float(settings)] if isinstance(settings, int | float) else []


def _farthest(first: list[float], second: list[float]) -> float:
    """Return the largest relative difference; infinity where there are more numbers on one side."""
    if len(first) != len(second):
        return float("inf")
    return max(
        (abs(a - b) / max(abs(a), abs(b), 1e-12) for a, b in zip(first, second, strict=True)), default=0.0
    )
