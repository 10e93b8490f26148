"""Requests to files: how long conditioned three-component records take, and what of it is phase recovery.

The model has the default sizes and random weights, which cost the same as learnt ones. Time is processor time
on one thread: on a machine that others use, the wall clock tells of them. A thousand records of 70 s in 60 s
of two cores are 120 s of one.

Run with ``python -m benchmarks.generation``.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.generation.draw import BATCH_SIZE, draw, sources
from seismic_lightning.generation.files import About, write_records
from seismic_lightning.generation.request import expand, request_table
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import parse
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

N_RECORDS, MANY, LENGTH_S = 4 * BATCH_SIZE, 1000, 70.0
GOAL = Goal(120.0, " s", at_least=False)
"""For a thousand records, on one thread."""
TITLE = f"generation: {MANY} conditioned records of {LENGTH_S:g} s, three components, on one thread"


class Row(NamedTuple):
    """One part of the work.

    Attributes:
        part: What is done.
        seconds: Processor time for a thousand records.
    """

    part: str
    seconds: float


def untrained(folder: Path) -> Trained:
    """Return a CVAE of the default sizes at one station."""
    front = SpectrogramFront(
        PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]}),
        StftSettings(),
        LogScaling(floor=1e-9, mean=-6.0, std=1.0),
    )
    n_samples = front.preprocess.n_samples(LENGTH_S)
    conditions = ConditionScaling.fit(_two_records())
    model = CVAE(
        n_freqs=front.stft.n_freqs,
        n_frames=front.stft.n_frames(n_samples),
        n_stations=conditions.n_stations,
        prior="conditional",
        residual="speckle",
    )
    return Trained(
        path=folder / "untrained.ckpt",
        model=model.eval(),
        front=front,
        conditions=conditions,
        conditional=True,
        unit="mps",
        components="ZNE",
        before_p_s=10.0,
        length_s=LENGTH_S,
        dataset_id="",
        hull=None,
    )


def _two_records() -> pd.DataFrame:
    """Return the metadata that scales of conditions come from."""
    return pd.DataFrame(
        {
            "source_magnitude": [1.0, 4.0],
            "source_latitude_deg": [40.0, 41.0],
            "source_longitude_deg": [28.0, 29.0],
            "source_depth_km": [5.0, 15.0],
            "station_network_code": "KO",
            "station_code": "ISK",
            "station_latitude_deg": 41.06,
            "station_longitude_deg": 29.06,
            "station_elevation_m": 85.0,
        }
    )


def run(n_records: int = N_RECORDS) -> list[Row]:
    """Time all of it, and drawing and phase recovery by themselves.

    Args:
        n_records: Records to make, more than a batch; the picture, which costs the same for any number, is
            counted once.
    """
    torch.set_num_threads(1)
    place = {"magnitude": 3.5, "latitude_deg": 40.75, "longitude_deg": 28.9, "depth_km": 10, "station": "ISK"}
    with tempfile.TemporaryDirectory() as folder:
        trained = untrained(Path(folder))
        request = request_table(trained, [parse({**place, "n_records": n_records})])
        sizes = (1, BATCH_SIZE, n_records)  # the first one pays for imports
        seconds = {}
        for size in sizes:
            start = time.process_time()
            write_records(Path(folder) / str(size), *_work(trained, request.assign(n_records=size)))
            seconds[size] = time.process_time() - start
        each_s = (seconds[n_records] - seconds[BATCH_SIZE]) / (n_records - BATCH_SIZE)
        whole_s = seconds[BATCH_SIZE] + (MANY - BATCH_SIZE) * each_s
        records = expand(request)
        start = time.process_time()
        parts = [records.iloc[i : i + BATCH_SIZE] for i in range(0, n_records, BATCH_SIZE)]
        spectrograms = [trained.generate(part, generator=sources(part)) for part in parts]
        model_s = time.process_time() - start
        start = time.process_time()
        for spectrogram in spectrograms:
            trained.waveform(spectrogram)
        phase_s = time.process_time() - start
    share = MANY / n_records
    return [
        Row("model", share * model_s),
        Row("phase recovery", share * phase_s),
        Row("all, files included", whole_s),
    ]


def table(rows: list[Row]) -> Table:
    """Lay out what ``run`` returned."""
    layout = Table("part", "time", "share", "goal", "verdict", title=TITLE)
    whole = rows[-1]
    for row in rows:
        texts = cells(GOAL if row is whole else None, row.seconds)
        layout.add_row(row.part, f"{row.seconds:.0f} s", f"{row.seconds / whole.seconds:.0%}", *texts)
    return layout


def _work(
    trained: Trained, request: pd.DataFrame
) -> tuple[pd.DataFrame, Iterator[NDArray[np.float32]], About]:
    """Return what ``write_records`` writes."""
    records = expand(request)
    return records, draw(trained, records), About("benchmark", {}, trained.passing_hz)


if __name__ == "__main__":
    tell_usage(__doc__)
    measured = run()
    say(table(measured))
    keep(f"{MANY} records generated", f"{measured[-1].seconds:.0f} s", "", measured[-1].seconds, GOAL)
