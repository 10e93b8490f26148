"""Files of steps: those of generated records, a figure of all below each other, and a short table."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from torch import Tensor

from seismic_lightning.generation.between import STEP_COLUMN, WEIGHT_COLUMN
from seismic_lightning.generation.files import About, write_records
from seismic_lightning.generation.generate import describe
from seismic_lightning.generation.interpolate import Steps
from seismic_lightning.generation.steps_figure import StepsToDraw, draw_steps
from seismic_lightning.generation.trained import Trained
from seismic_lightning.progress import Progress

FIGURE, TABLE = "interpolation.png", "steps.csv"
TABLE_COLUMNS = (
    STEP_COLUMN,
    WEIGHT_COLUMN,
    "source_magnitude",
    "source_latitude_deg",
    "source_longitude_deg",
    "source_depth_km",
    "station_network_code",
    "station_code",
    "path_hyp_distance_km",
    "path_back_azimuth_deg",
    "trace_file",
)
"""The short table: place between the ends, condition, file."""


class StepsMade(NamedTuple):
    """Steps, and what they became.

    Attributes:
        steps: The steps.
        records: One row per step, as ``step_records`` makes them.
        waveforms: ``(S, C, N)`` in the model's unit.
    """

    steps: Steps
    records: pd.DataFrame
    waveforms: Tensor


class Between(NamedTuple):
    """What the steps lie between.

    Attributes:
        source: What to call it.
        target: What to call it.
        document: Plain values for the folder's JSON file: settings, seeds, warnings.
    """

    source: str
    target: str
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """Return both ends in words."""
        return f"{self.source} to {self.target}"


def write_steps(
    output_dir: Path,
    trained: Trained,
    made: StepsMade,
    between: Between,
    *,
    progress: Progress | None = None,
) -> Path:
    """Write the steps between two ends.

    Args:
        output_dir: Folder to make.
        trained: The model.
        made: The steps.
        between: What they lie between.
        progress: Called with the number of written records and of all.

    Returns:
        The folder.

    Raises:
        ConfigurationError: The folder is taken.
        StorageError: The disk is full or the folder cannot be written to.
    """
    model = f"{type(trained.model).__name__} {trained.path.name}"
    title = f"{len(made.waveforms)} steps of {model} from {between.name}"
    to_draw = _to_draw(trained, made, f"Synthetic, never recorded: {title}")

    def draw(folder: Path, records: pd.DataFrame) -> None:
        draw_steps(to_draw).savefig(folder / FIGURE, metadata={"Description": title, "Software": None})
        records.loc[:, list(TABLE_COLUMNS)].to_csv(folder / TABLE, index=False)

    return write_records(
        output_dir,
        made.records,
        [made.waveforms.float().cpu().numpy()],
        About(title, {**describe(trained), **between.document}, trained.passing_hz),
        progress,
        picture=draw,
    )


def _to_draw(trained: Trained, made: StepsMade, title: str) -> StepsToDraw:
    """Bring steps to decibels, seconds and hertz."""
    stft, rate_hz = trained.front.stft, trained.rate_hz
    levels_db = trained.front.to_db(made.steps.spectrograms)[:, 0]
    s_sample = made.records["trace_s_arrival_sample"].to_numpy(dtype=np.float64, na_value=np.nan)
    return StepsToDraw(
        title=title,
        metadata=made.steps.metadata,
        waveforms=made.waveforms.float().cpu().numpy(),
        levels_db=levels_db.float().cpu().numpy(),
        times_s=stft.times_s(rate_hz, levels_db.shape[-1]).numpy(),
        frequencies_hz=stft.frequencies_hz(rate_hz).numpy(),
        shown_to_hz=_shown_to_hz(trained),
        rate_hz=rate_hz,
        before_p_s=trained.before_p_s,
        s_after_p_s=s_sample / rate_hz - trained.before_p_s,
        unit=trained.unit,
        components=trained.components,
    )


def _shown_to_hz(trained: Trained) -> float:
    """Return a frequency above the passband, where the spectrograms end."""
    corners_hz = trained.front.preprocess.passbands_hz(trained.rate_hz)
    return min(0.5 * trained.rate_hz, 1.5 * float(corners_hz[:, 1].max()))
