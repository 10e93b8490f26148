"""Which record of a dataset is meant, and whether a trained model can see it."""

from pathlib import PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.condition import station_names
from seismic_lightning.data.ground_motion import GroundMotion, ground_motion
from seismic_lightning.errors import DatasetError
from seismic_lightning.generation.trained import Trained

_SHOWN_ROWS = 5


def find_row(dataset: CuratedDataset, name: int | str) -> int:
    """Return the row of a record.

    Args:
        dataset: The dataset.
        name: Its number, from 0; ``EVENT/STATION`` or ``EVENT/NET.STATION``; or the file it was cut from,
            with or without folders.

    Raises:
        DatasetError: There is no such record, or there are several.
    """
    text = str(name).strip()
    if text.removeprefix("-").isdecimal() and (isinstance(name, int) or int(text) < len(dataset)):
        if not 0 <= int(text) < len(dataset):
            raise DatasetError(
                f"record {text}: {dataset.root} has rows 0 to {len(dataset) - 1}; give one of them, or "
                "EVENT/STATION"
            )
        return int(text)
    rows = np.flatnonzero(_is_called(dataset, text)).tolist()
    if len(rows) == 1:
        return int(rows[0])
    if not rows:
        raise DatasetError(
            f"record {text}: {dataset.root} has none of this name; give a row from 0 to {len(dataset) - 1}, "
            "EVENT/STATION, EVENT/NET.STATION or the name of its file"
        )
    shown = ", ".join(map(str, rows[:_SHOWN_ROWS])) + (", ..." if len(rows) > _SHOWN_ROWS else "")
    raise DatasetError(
        f"record {text}: {len(rows)} records of {dataset.root} are called so; give a row: {shown}"
    )


def _is_called(dataset: CuratedDataset, text: str) -> NDArray[np.bool_]:
    metadata = dataset.metadata
    event, _, station = text.rpartition("/")
    full_names = np.array(station_names(metadata), dtype=object)
    of_event = metadata["source_id"].astype(str).to_numpy(dtype=object) == event
    of_station = (full_names == station) | (metadata["station_code"].to_numpy(dtype=object) == station)
    files = metadata["trace_file"].astype(str)
    named = files.map(lambda file: text in (file, PurePosixPath(file).name)).to_numpy(dtype=bool)
    return np.asarray((of_event & of_station) | named, dtype=np.bool_)


def checked_motion(trained: Trained, dataset: CuratedDataset) -> GroundMotion:
    """Find the instruments of a dataset, and refuse one whose records are not of the model's kind.

    Args:
        trained: The model.
        dataset: The dataset, which need not be the one of the training.

    Raises:
        DatasetError: Naming what differs, or the records that cannot be brought to the model's unit.
    """
    try:
        motion = ground_motion(dataset, trained.units)
    except DatasetError as error:
        raise DatasetError(
            f"{dataset.root}: cannot be brought to {trained.unit}, the unit of {trained.path}: {error}"
        ) from error
    check_dataset(trained, dataset, motion.unit)
    return motion


def check_dataset(trained: Trained, dataset: CuratedDataset, unit: str) -> None:
    """Refuse a dataset whose records are not of the model's kind.

    Args:
        trained: The model.
        dataset: The dataset.
        unit: Unit of its records after the model's preprocessing.

    Raises:
        DatasetError: Naming what differs.
    """
    window = dataset.window
    pairs = {
        "unit": (unit, trained.unit),
        "components": (dataset.components, trained.components),
        "window.before_p_s": (float(window.before_p_s), trained.before_p_s),
        "window.length_s": (float(window.length_s), trained.length_s),
    }
    for name, (here, there) in pairs.items():
        if here != there:
            raise DatasetError(
                f"{dataset.root} has {name}={here}, {trained.path} was trained on {name}={there}: give a "
                "dataset that was curated alike, or a model trained on this one"
            )


def check_rates(
    trained: Trained, dataset: CuratedDataset, rows: NDArray[np.int64], band: torch.Tensor
) -> None:
    """Refuse records whose sampling rate cannot fill the model's band or window.

    Those of the training's own dataset may lack the end of a band: the model has learnt from them so.

    Args:
        trained: The model.
        dataset: The dataset.
        rows: ``(B,)`` rows of its metadata.
        band: ``(B,)`` rows of the model's band table.

    Raises:
        BandError: The low corner of a band is too high for a rate.
        DatasetError: Naming the first row that does not fit, and its rate.
    """
    preprocess = trained.front.preprocess
    metadata = dataset.metadata
    for row, own in zip(rows.tolist(), band[:, None], strict=True):
        rate_hz = float(metadata["trace_sampling_rate_hz"].iloc[row])
        n_samples = int(metadata["trace_npts"].iloc[row])
        preprocess.check(rate_hz, n_samples, own)
        fits = preprocess.resampled_length(n_samples, rate_hz) == trained.n_samples
        narrowed = bool(preprocess.clipped(rate_hz)[own].any()) and dataset.dataset_id != trained.dataset_id
        if not fits or narrowed:
            high_hz = float(preprocess.passbands_hz(rate_hz)[own][0, 1])
            lacks = f"hold nothing above {high_hz:g} Hz" if fits else "do not make up its window"
            raise DatasetError(
                f"row {row} of {dataset.root}: records at {rate_hz:g} Hz {lacks}, which {trained.path} was "
                f"not trained on; it works at {trained.rate_hz:g} Hz: give records of a higher rate"
            )
