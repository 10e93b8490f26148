"""What preprocessing on the fly costs a training step, against spectrograms that lie ready in memory.

Both loops gather a batch by index and do one full step of the autoencoder (forward, loss, backward, Adam);
one starts from raw counts in a memory map, the other from scaled spectrograms in RAM, which for a real
archive would not fit there.

Run with ``python -m benchmarks.train_step``.
"""

import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import torch
import yaml
from rich.table import Table
from torch import Tensor

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.batch import Condition
from seismic_lightning.cli.console import say
from seismic_lightning.models.ae import AE
from seismic_lightning.models.objective import objective
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

N_RECORDS, N_SAMPLES, RATE_HZ, BATCH_SIZE = 256, 7001, 100.0, 64
ROUNDS, STEPS = 9, 2
GOAL = Goal(0.94, unit="", wanted=0.97)
"""Share of the steps per second that preprocessing on the fly has to keep."""
MARMARA = Path(__file__).parents[1] / "conf" / "preprocess" / "marmara.yaml"


def main() -> None:
    table = Table(
        "threads",
        "ready, ms/record",
        "on the fly, ms/record",
        "ratio",
        "spread",
        "goal",
        "verdict",
        title="training step",
    )
    for threads in (1, 2):
        torch.set_num_threads(threads)
        ready, on_the_fly = measure()
        ratios = [a / b for a, b in zip(ready, on_the_fly, strict=True)]
        per_record = 1e3 / (STEPS * BATCH_SIZE)
        table.add_row(
            str(threads),
            f"{median(ready) * per_record:.2f}",
            f"{median(on_the_fly) * per_record:.2f}",
            f"{median(ratios):.3f}",
            f"{min(ratios):.3f} to {max(ratios):.3f}",
            *cells(GOAL, median(ratios)),
        )
        ours_ms, peer_ms = (f"{median(seconds) * per_record:.2f} ms" for seconds in (on_the_fly, ready))
        keep(f"training on the fly, {threads} threads", ours_ms, peer_ms, median(ratios), GOAL)
    say(table)


def measure() -> tuple[list[float], list[float]]:
    """Return seconds of each round, the two loops in turn."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.npy"
        np.save(path, rng.integers(-10_000, 10_000, (N_RECORDS, 3, N_SAMPLES), dtype=np.int32))
        counts = np.asarray(np.load(path, mmap_mode="r"))
        front = SpectrogramFront(
            PreprocessSettings(**yaml.safe_load(MARMARA.read_text())),
            StftSettings(),
            LogScaling(1.0, 1.0, 1.0),
        )
        band = torch.from_numpy(rng.integers(0, len(front.preprocess.table), N_RECORDS))
        places = torch.arange(BATCH_SIZE)

        def raw(rows: np.ndarray) -> Tensor:
            samples = torch.from_numpy(np.take(counts, rows, axis=0))
            with torch.no_grad():
                return front.spectrogram(
                    front.waveform([(RATE_HZ, places, samples)], band[torch.from_numpy(rows)])
                )

        spectrograms = torch.cat(
            [raw(rows) for rows in np.split(np.arange(N_RECORDS), N_RECORDS // BATCH_SIZE)]
        )

        def ready(rows: np.ndarray) -> Tensor:
            return spectrograms[torch.from_numpy(rows)]

        loops = training(ready, rng), training(raw, rng)
        for loop in loops:
            loop()
        rounds = [[loop() for loop in loops] for _ in range(ROUNDS)]
    return [pair[0] for pair in rounds], [pair[1] for pair in rounds]


def training(batch: Callable[[np.ndarray], Tensor], rng: np.random.Generator) -> Callable[[], float]:
    """Return a function that does some steps of training and tells the seconds they took."""
    model = AE(n_freqs=129, n_frames=110)
    optimizer = torch.optim.Adam(model.parameters())
    condition = Condition(torch.zeros(0), torch.zeros(0), torch.zeros(0))
    orders = cycle(np.split(rng.permutation(N_RECORDS), N_RECORDS // BATCH_SIZE))

    def steps() -> float:
        clock = process_time if torch.get_num_threads() == 1 else perf_counter
        start = clock()
        for _ in range(STEPS):
            spectrogram = batch(next(orders))
            posterior = model.encode(spectrogram, condition)
            loss = objective(
                model.decode(posterior.mode, condition), spectrogram, posterior.kl(), 0.0
            ).loss.mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return clock() - start

    return steps


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
