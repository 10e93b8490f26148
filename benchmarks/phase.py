"""Magnitude spectrograms to waveforms: the phase recovery of this package against one record at a time.

The peer is torchaudio's ``GriffinLim`` (fast Griffin-Lim with a momentum of 0.99, random start) called once
per record, as a loop over files would. Both make the same iterations from the same magnitudes; beside the
time stands how well the result's magnitudes agree with the wanted ones, since speed alone is no recovery.

A second table tells how good the waveforms are, on simulated records and, where ``SEISMIC_REAL_DATA`` names a
folder with ``records``, on real ones: see ``docs/inverse.md``.

Run with ``python -m benchmarks.phase``.
"""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.table import Table
from scipy import ndimage, signal
from torch import Tensor

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator
from seismic_lightning.transforms import phase
from seismic_lightning.transforms._torchaudio import load_transforms
from seismic_lightning.transforms.front import Group, SpectrogramFront
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

RATE_HZ, N_SAMPLES, SMOOTHING_S = 100.0, 7001, 0.5
N_TIMED, N_PEER, N_JUDGED, MANY = 64, 8, 96, 1000
BAND = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]})
PEER = "torchaudio"
RATIO_GOAL = Goal(1.5)
"""How many times faster than the peer, on one thread."""
MANY_GOAL = Goal(50.0, " s", at_least=False)
"""For a thousand three-component waveforms of fast recovery, on one thread."""
METHODS: dict[str, phase.PhaseMethod] = {
    "ADMM": phase.Admm(),
    "ADMM as published": phase.Admm(rho=0.1, settling=0.0),
    "fast Griffin-Lim": phase.FastGriffinLim(),
}


SPEED_TITLE = f"""phase: a three-component record of {N_SAMPLES} samples, {phase.FAST_ITERATIONS} iterations
processor time on one thread; ratio to torchaudio, one record at a time"""


class Row(NamedTuple):
    """One method's time.

    Attributes:
        name: The method.
        milliseconds: Processor time per three-component record.
        ratio: How many times longer than that the peer takes.
        convergence_db: Mean spectral convergence.
    """

    name: str
    milliseconds: float
    ratio: float
    convergence_db: float


def simulated(front: SpectrogramFront, n_records: int) -> Tensor:
    """Return preprocessed records of the default simulator, ``(n, 3, N)``."""
    simulator = Simulator(SimulationSettings(n_records=n_records, artefacts=False))
    counts = np.concatenate([simulator.block(block).counts for block in range(simulator.n_blocks)])
    samples = torch.from_numpy(counts[..., :N_SAMPLES].copy())
    band = torch.zeros(n_records, dtype=torch.int64)
    return front.waveform([(RATE_HZ, torch.arange(n_records), samples)], band)


def real(front: SpectrogramFront, n_records: int, data_dir: Path) -> Tensor:
    """Return preprocessed real records of 40 s and 50 Hz or more, ``(n, 3, N)``."""
    settings = CurationSettings(window=WindowSettings(length_s=40.0), orientation="as_is")
    with tempfile.TemporaryDirectory() as folder:
        curate(data_dir / "records", Path(folder) / "dataset", settings)
        dataset = open_dataset(Path(folder) / "dataset")
        rows = np.flatnonzero(dataset.metadata["trace_sampling_rate_hz"] >= 50.0)[:n_records]
        groups: list[Group] = [
            (group.sampling_rate_hz, torch.from_numpy(group.positions), torch.from_numpy(group.waveform))
            for group in dataset.fetch(rows)
        ]
    return front.waveform(groups, torch.zeros(len(rows), dtype=torch.int64))


def peer(front: SpectrogramFront, magnitude: Tensor, n_iterations: int) -> Tensor:
    """Recover records one by one with torchaudio, ``(n, 3, N)``."""
    settings = front.stft.settings
    window = torch.hann_window(settings.nperseg)
    griffin_lim = load_transforms().GriffinLim(
        settings.nfft, n_iterations, settings.nperseg, front.stft.hop, power=1.0, length=N_SAMPLES
    )
    torch.manual_seed(0)  # its start knows no generator of its own
    return torch.stack([griffin_lim(record * window.sum()) for record in magnitude])


def seconds(work: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """Return processor time and result: on a machine that others use, the wall clock tells of them."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def run(n_iterations: int = phase.FAST_ITERATIONS, n_rounds: int = 3) -> list[Row]:
    """Time every method and the peer in interleaved rounds on one thread.

    Args:
        n_iterations: Of all methods.
        n_rounds: Repeats.

    Returns:
        One row per method, the peer's last.
    """
    torch.set_num_threads(1)
    front = SpectrogramFront(BAND, StftSettings())
    magnitude = front.magnitude(simulated(front, N_TIMED))
    recover = partial(phase.recover_waveform, magnitude, front.stft, N_SAMPLES, n_iterations=n_iterations)
    works: dict[str, tuple[Callable[[], Tensor], Tensor]] = {
        name: (partial(recover, method=method), magnitude) for name, method in METHODS.items()
    }
    few = magnitude[:N_PEER]
    works[PEER] = (partial(peer, front, few, n_iterations), few)
    times: dict[str, list[float]] = {name: [] for name in works}
    convergence_db = {}
    for _ in range(n_rounds):
        for name, (work, wanted) in works.items():
            taken_s, result = seconds(work)
            times[name].append(taken_s / len(wanted))
            convergence_db[name] = float(phase.spectral_convergence_db(result, wanted, front.stft).mean())
    median_s = {name: float(np.median(values)) for name, values in times.items()}
    peer_s = median_s[PEER]
    return [Row(name, 1e3 * value, peer_s / value, convergence_db[name]) for name, value in median_s.items()]


def envelope(waveform: Tensor) -> NDArray[np.float64]:
    """Return the analytic signal's magnitude, smoothed over half a second, ``(..., N)``."""
    width = round(SMOOTHING_S * RATE_HZ)
    analytic = np.abs(signal.hilbert(waveform.double().numpy(), axis=-1))
    return np.asarray(ndimage.uniform_filter1d(analytic, width, axis=-1))


def quality(waveform: Tensor, recovered: Tensor, front: SpectrogramFront) -> tuple[float, ...]:
    """Judge recovered waveforms, leaving dead components out.

    Args:
        waveform: ``(n, 3, N)`` as recorded.
        recovered: The same from their magnitudes.
        front: What made the magnitudes.

    Returns:
        Mean spectral convergence in dB, mean correlation of envelopes, standard deviation of the log10 ratio
        of the peaks of components, and of those of records.
    """
    alive = waveform.abs().amax(-1) > 0
    magnitude = front.magnitude(waveform)
    convergence_db = phase.spectral_convergence_db(recovered, magnitude, front.stft)[alive].mean()
    pairs = zip(envelope(waveform[alive]), envelope(recovered[alive]), strict=True)
    correlation = np.mean([np.corrcoef(wanted, got)[0, 1] for wanted, got in pairs])
    component, record = (
        (recovered.abs().amax(axes) / waveform.abs().amax(axes)).log10() for axes in ((-1,), (-2, -1))
    )
    return float(convergence_db), float(correlation), float(component[alive].std()), float(record.std())


def speed_table(rows: list[Row]) -> Table:
    """Lay out what ``run`` returned."""
    columns = ("method", "ms", "for 1000", "goal", "verdict", "ratio", "goal", "verdict", "SC, dB")
    layout = Table(*columns, title=SPEED_TITLE)
    for row in rows:
        many_s, ours = row.milliseconds * MANY / 1e3, row.name in METHODS
        layout.add_row(
            row.name,
            f"{row.milliseconds:.1f}",
            f"{many_s:.0f} s",
            *cells(MANY_GOAL if ours else None, many_s),
            f"{row.ratio:.2f}x",
            *cells(RATIO_GOAL if ours else None, row.ratio),
            f"{row.convergence_db:.1f}",
        )
    return layout


def quality_table(data_dir: Path | None) -> Table:
    """Recover records by every method and tell how good the waveforms are."""
    front = SpectrogramFront(BAND, StftSettings())
    records = {"simulated": simulated(front, N_JUDGED)}
    if data_dir is not None:
        records["real"] = real(front, N_JUDGED, data_dir)
    columns = ("records", "method", "iterations", "SC, dB", "envelope", "peak, dex", "of record")
    layout = Table(*columns, title="waveforms: convergence, correlation, sd of the log10 peak ratio")
    for name, waveform in records.items():
        recover = partial(phase.recover_waveform, front.magnitude(waveform), front.stft, waveform.shape[-1])
        for title, method in METHODS.items():
            for n_iterations in (phase.FAST_ITERATIONS, phase.FINE_ITERATIONS):
                recovered = recover(method=method, n_iterations=n_iterations)
                figures = quality(waveform, recovered, front)
                texts = (f"{figures[0]:.1f}", *(f"{figure:.4f}" for figure in figures[1:]))
                layout.add_row(f"{len(waveform)} {name}", title, str(n_iterations), *texts)
    return layout


if __name__ == "__main__":
    tell_usage(__doc__)
    real_dir = os.environ.get("SEISMIC_REAL_DATA")
    measured = run()
    say(speed_table(measured))
    for row in measured:
        if row.name in METHODS:
            time_ms = f"{row.milliseconds:.1f} ms"
            keep(
                f"phases: {row.name}",
                time_ms,
                f"{row.ratio * row.milliseconds:.1f} ms",
                row.ratio,
                RATIO_GOAL,
            )
    say(quality_table(None if real_dir is None else Path(real_dir)))
