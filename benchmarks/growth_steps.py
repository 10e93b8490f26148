"""The steps of ``benchmarks.growth``, each for a process of its own; the last line printed is JSON."""

import argparse
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

N_WORKERS, TIMED_BATCHES = 2, 16


def simulated(archive_dir: str, n_records: str) -> dict[str, float]:
    """Simulate an archive without artefacts, so that hardly a record is refused."""
    from seismic_lightning.simulation.archive import simulate_archive
    from seismic_lightning.simulation.settings import SimulationSettings

    settings = SimulationSettings(n_records=int(n_records), artefacts=False)
    simulate_archive(Path(archive_dir), settings, n_workers=N_WORKERS)
    return {}


def curated(archive_dir: str, dataset_dir: str) -> dict[str, float]:
    """Curate it and return time and memory."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    from seismic_lightning.curation.build import curate
    from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings

    settings = CurationSettings(window=WindowSettings(length_s=40.0), select=SelectionSettings(min_snr=0.0))
    start = perf_counter()
    summary = curate(Path(archive_dir), Path(dataset_dir), settings, n_workers=N_WORKERS)
    seconds = perf_counter() - start
    peaks = Parallel(N_WORKERS)(delayed(own_peak_mb)() for _ in range(4 * N_WORKERS))
    get_reusable_executor().shutdown(wait=True)  # only what has ended is counted below
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "n_records": summary.accepted,
        "curation_s": seconds,
        "curation_cpu_s": process_time() + children.ru_utime + children.ru_stime,
        "coordinating_mb": own_peak_mb(),
        "measuring_mb": max(peaks),
    }


def own_peak_mb() -> float:
    """Return the largest resident set that this process ever had.

    The figure of ``getrusage`` would include the process that this one was started from.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def opened(dataset_dir: str, output_dir: str) -> dict[str, float]:
    """Start ``train.py`` after its imports, stop where training would begin, and time a part of an epoch."""
    import lightning.pytorch  # noqa: F401 - imports are no part of the figures, here and below
    import torch.utils.tensorboard  # noqa: F401

    from seismic_lightning.cli import train
    from seismic_lightning.data.datamodule import SpectrogramDataModule
    from seismic_lightning.models.vae import VAE  # noqa: F401

    found: dict[str, float] = {}

    def first_batch(
        trainer: object, model: object, datamodule: SpectrogramDataModule, checkpoint: object
    ) -> None:
        next(iter(datamodule.train_dataloader()))
        found.update(start_s=perf_counter() - wall, start_cpu_s=process_time() - cpu)
        start, n_records = process_time(), 0
        for _, batch in zip(range(TIMED_BATCHES), datamodule.train_dataloader(), strict=False):
            n_records += len(datamodule.on_after_batch_transfer(batch, 0).index)
        per_record_s = (process_time() - start) / n_records
        found["epoch_s"] = per_record_s * len(datamodule.records("train"))
        raise SystemExit

    train.fit = first_batch
    sys.argv = [
        "train.py",
        "data=dataset",
        f"dataset_dir={dataset_dir}",
        f"output_dir={output_dir}",
        "trainer=cpu",
    ]
    wall, cpu = perf_counter(), process_time()
    try:
        train.main()
    except SystemExit:
        return found
    raise AssertionError("train.py ended before its first batch")


STEPS: dict[str, Callable[..., dict[str, float]]] = {
    function.__name__: function for function in (simulated, curated, opened)
}


def main() -> None:
    """Run one step in this process, and write what it measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("arguments", nargs="*", help="folders and sizes")
    asked = parser.parse_args()
    sys.stdout.write("\n" + json.dumps(STEPS[asked.step](*asked.arguments)) + "\n")


if __name__ == "__main__":
    main()
