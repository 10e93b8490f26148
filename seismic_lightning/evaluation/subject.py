"""The real records that a model is judged by: read once, silent ones left out, all that is known kept."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.batch import Batch
from seismic_lightning.data.path import MIN_DISTANCE_KM
from seismic_lightning.evaluation.chosen import Chosen, refuse_too_few
from seismic_lightning.evaluation.columns import with_intensity
from seismic_lightning.evaluation.ground import COUNTS, Ground, ground_of
from seismic_lightning.evaluation.measure import Records
from seismic_lightning.evaluation.motion import ground_motion
from seismic_lightning.evaluation.progress import StepProgress
from seismic_lightning.evaluation.reading import BATCH_RECORDS, JudgedRecords
from seismic_lightning.evaluation.seismogram import COLUMNS, Known
from seismic_lightning.evaluation.seismogram_columns import with_seismogram

USUAL_DEPTH_KM = 10.0
"""Of sources whose depth is not known, where a model of the Earth has to be asked."""


class Subject(NamedTuple):
    """Real records to be answered.

    Attributes:
        seen: The dataset through the checkpoint.
        rows: ``(B,)`` rows of the dataset's metadata.
        metadata: Their rows.
        ground: How waveforms become motion of the ground.
        known: What is known of the records.
        records: The records, with intensity and all that is read from seismograms.
        notes: What was left out or assumed.
    """

    seen: JudgedRecords
    rows: NDArray[np.int64]
    metadata: pd.DataFrame
    ground: Ground
    known: Known
    records: Records
    notes: list[str]

    @property
    def rate_hz(self) -> float:
        """Return the sampling rate of all waveforms."""
        return self.seen.trained.rate_hz

    def measured(self, records: Records, known: Known | None = None) -> Records:
        """Add intensity and all that is read from seismograms.

        Args:
            records: Answers with waveforms in the unit of ``ground``.
            known: What is known of them; that of the real records without.
        """
        return measured(records, self.rate_hz, self.ground, known or self.known)


def read_subject(seen: JudgedRecords, chosen: Chosen, progress: StepProgress) -> Subject:
    """Read the records that are judged.

    Args:
        seen: The dataset through the checkpoint.
        chosen: Which records.
        progress: Told of the records read.

    Raises:
        EvaluationError: Too few records are left.
    """
    what = str(seen.dataset.root)
    refuse_too_few(len(chosen.rows), _n_events(seen, chosen.rows), what)
    levels, waveforms, silent = _read(seen, chosen.rows, progress)
    rows, notes = chosen.rows[~silent], list(chosen.notes)
    if silent.any():
        notes.append(f"{silent.sum()} records are left out: a component is silent or not finite.")
        levels, waveforms = levels[~silent], waveforms[~silent]
        refuse_too_few(len(rows), _n_events(seen, rows), what)
    ground = ground_of(seen.dataset, rows, seen.trained.unit)
    metadata = seen.dataset.metadata.iloc[rows]
    waveforms = ground.of(waveforms, slice(None), seen.trained.rate_hz)
    known, told = known_of(metadata)
    notes += [*told, *([ground.note] if ground.note else [])]
    records = Records(
        event=metadata["source_id"].to_numpy(dtype=str),
        level=levels,
        waveform=waveforms,
        magnitude=metadata["source_magnitude"].to_numpy(dtype=np.float64),
        distance_km=distances_km(metadata),
        p_s=np.asarray(known.p_s, dtype=np.float64),
    )
    records = measured(records, seen.trained.rate_hz, ground, known)
    return Subject(seen, rows, metadata, ground, known, records, notes)


def measured(records: Records, rate_hz: float, ground: Ground, known: Known) -> Records:
    """Add intensity and all that is read from seismograms; of counts no magnitude is read.

    Args:
        records: Records with waveforms in the unit of ``ground``.
        rate_hz: Sampling rate.
        ground: Tells the unit.
        known: What is known of the records.
    """
    records = with_intensity(records, rate_hz, ground.quantity)
    if records.waveform is None:
        return records
    velocity = records.waveform
    if ground.quantity == "mps2":
        velocity = ground_motion(velocity, "mps2", rate_hz).velocity_mps
    read = with_seismogram(records._replace(waveform=velocity), rate_hz, known).seismogram
    if read is not None and ground.unit == COUNTS:
        read = np.where(np.arange(read.shape[1]) == COLUMNS.index("magnitude"), np.nan, read)
    return records._replace(seismogram=read)


def known_of(metadata: pd.DataFrame) -> tuple[Known, list[str]]:
    """Return what is known of records, and sentences on what had to be assumed.

    Args:
        metadata: Their rows.
    """
    depth_km = metadata["source_depth_km"].to_numpy(dtype=np.float64, na_value=np.nan)
    unknown = ~np.isfinite(depth_km)
    rate_hz = metadata["trace_sampling_rate_hz"].to_numpy(dtype=np.float64)
    known = Known(
        p_s=metadata["trace_p_arrival_sample"].to_numpy(dtype=np.float64) / rate_hz,
        distance_km=metadata["path_ep_distance_km"].to_numpy(dtype=np.float64),
        depth_km=np.where(unknown, USUAL_DEPTH_KM, depth_km),
        back_azimuth_deg=metadata["path_back_azimuth_deg"].to_numpy(dtype=np.float64),
    )
    if not unknown.any():
        return known, []
    return known, [
        f"{unknown.sum()} records are of unknown depth; {USUAL_DEPTH_KM:g} km were taken for S and distances."
    ]


def distances_km(metadata: pd.DataFrame) -> NDArray[np.float64]:
    """Return hypocentral distances, of an unknown depth as if it were usual.

    Args:
        metadata: Rows of records.
    """
    epicentral = metadata["path_ep_distance_km"].to_numpy(dtype=np.float64)
    hypocentral = metadata["path_hyp_distance_km"].to_numpy(dtype=np.float64, na_value=np.nan)
    distance_km = np.where(np.isfinite(hypocentral), hypocentral, np.hypot(epicentral, USUAL_DEPTH_KM))
    return np.maximum(distance_km, MIN_DISTANCE_KM)


def usable(batch: Batch) -> NDArray[np.bool_]:
    """Tell which records of a batch have finite samples and no silent component.

    Args:
        batch: Records as the model sees them.
    """
    finite = batch.waveform.isfinite().flatten(1).all(1) & batch.spectrogram.isfinite().flatten(1).all(1)
    heard = (batch.waveform.abs().amax(-1) > 0.0).all(1)
    return np.asarray((finite & heard).cpu().numpy(), dtype=np.bool_)


def _read(
    seen: JudgedRecords, rows: NDArray[np.int64], progress: StepProgress
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return levels and waveforms of all records, and which of them are silent."""
    levels, waveforms, silent = [], [], []
    for number, batch in enumerate(seen.batches(rows)):
        silent.append(~usable(batch))
        levels.append(seen.level(batch.spectrogram))
        waveforms.append(batch.waveform.cpu().numpy())
        progress("reading records", min((number + 1) * BATCH_RECORDS, len(rows)), len(rows))
    return np.concatenate(levels), np.concatenate(waveforms), np.concatenate(silent)


def _n_events(seen: JudgedRecords, rows: NDArray[np.int64]) -> int:
    return int(seen.dataset.metadata["source_id"].iloc[rows].nunique())
