"""Training on an accelerator: records a second of front and step, time of an epoch, share of the bandwidth.

Counts are simulated on the device and stay there, as ``data.resident`` keeps those of a dataset: a batch is
places on the host, and the step gathers, preprocesses, transforms, and trains the default autoencoder.

* Times are medians after a warm-up, by the device's own events; epochs are whole ones, by the wall clock.
* Bytes are counted operation by operation, each one's inputs and outputs once; bytes over time, divided by
  the bandwidth of a large copy in the same run, is the share of the byte roofline.
* ObsPy reads, filters and transforms miniSEED files in 16 processes. A machine with fewer cores runs fewer
  and the rate is scaled up, which flatters ObsPy; without ObsPy the row says so.

Without a GPU it runs a few records on the CPU, whose figures say nothing of the goals.

Run with ``python -m benchmarks.gpu [--records N] [--batch-size B] [--precision bf16|fp32] [--compile]``.
It needs torch, Lightning and this package.
"""

import argparse
import logging
from statistics import median
from typing import NamedTuple

import lightning as L
import torch
from rich.table import Table

from benchmarks.goal import Goal, cells
from benchmarks.gpu_workload import (
    EpochClock,
    Workload,
    copied_bytes_per_s,
    counted_bytes,
    now_s,
    seconds,
)
from benchmarks.obspy_workers import WORKERS, ObspyRate, obspy_rate
from seismic_lightning.cli.console import say

FULL_RECORDS = 129_000
"""Records of the epoch that the goal speaks of."""
TINY_RECORDS, TINY_BATCH = 48, 8
EPOCHS = 4
"""Epochs under Lightning's Trainer; the first warms up."""
EPOCH_GOAL, SHARE_GOAL = Goal(2.0, " s", at_least=False), Goal(25.0, " %", at_least=False)


class Part(NamedTuple):
    """A part of the step.

    Attributes:
        records_per_s: How fast it is.
        n_bytes: What it moves for each record.
    """

    records_per_s: float
    n_bytes: float


class Figures(NamedTuple):
    """What was measured.

    Attributes:
        bandwidth: Bytes a second of a copy within the device's memory, read and written.
        front: Gather, preprocessing, STFT and scaling.
        step: The same, and the training of the model.
        loop_s: An epoch in a plain loop.
        trainer_s: An epoch under Lightning's Trainer.
        obspy: ObsPy's rate; None where it is not installed.
    """

    bandwidth: float
    front: Part
    step: Part
    loop_s: float
    trainer_s: float
    obspy: ObspyRate | None


def main() -> None:
    options = parsed()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    on_gpu = device.type == "cuda"
    n_records = options.records or (FULL_RECORDS if on_gpu else TINY_RECORDS)
    batch_size = min(options.batch_size or (512 if on_gpu else TINY_BATCH), n_records)
    precision = options.precision or ("bf16" if on_gpu else "fp32")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    workload = Workload(n_records, batch_size, device, precision == "bf16")
    figures = measured(workload, compiled=options.compile)
    kind = torch.cuda.get_device_name(device) if on_gpu else "CPU"
    said = f"{kind}, {n_records:,} records, batches of {batch_size}, {precision}, compile={options.compile}"
    say(table(figures, said, n_records, on_gpu))
    if not on_gpu:
        say("No GPU was found: these are figures of a CPU and a few records, not the goal's.")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--records", type=int, help="records in an epoch")
    parser.add_argument("--batch-size", type=int, help="records in a step")
    parser.add_argument("--precision", choices=("bf16", "fp32"), help="arithmetic of the model")
    parser.add_argument("--compile", action="store_true", help="compile the model in step and plain loop")
    return parser.parse_args()


def measured(workload: Workload, *, compiled: bool) -> Figures:
    """Measure everything in one run, ObsPy while the device rests."""
    device, size = workload.device, workload.batch_size
    corners_hz = [(float(low), float(high)) for low, high in workload.front.preprocess.table.corners_hz]
    obspy = obspy_rate(corners_hz, seconds=5.0 if device.type == "cuda" else 0.5)
    bandwidth = copied_bytes_per_s(device)
    batch = next(iter(workload.batches()))
    there = workload.moved(batch)

    def front() -> object:
        return workload.on_after_batch_transfer(there, 0)

    front()  # designs its filters
    workload.step(batch)  # makes the optimizer's state
    front_bytes, step_bytes = counted_bytes(front), counted_bytes(lambda: workload.step(batch))
    if compiled:
        workload.loss = torch.compile(workload.loss, dynamic=False)
    front_s, step_s = seconds(device, front), seconds(device, lambda: workload.step(batch))
    return Figures(
        bandwidth,
        Part(size / front_s, front_bytes / size),
        Part(size / step_s, step_bytes / size),
        loop_epoch_s(workload),
        trainer_epoch_s(workload),
        obspy,
    )


def loop_epoch_s(workload: Workload) -> float:
    """Return the time of an epoch in a plain loop."""
    times_s = []
    for _ in range(2):
        start_s = now_s(workload.device)
        for batch in workload.batches():
            workload.step(batch)
        times_s.append(now_s(workload.device) - start_s)
    return times_s[-1]


def trainer_epoch_s(workload: Workload) -> float:
    """Return the time of an epoch under Lightning's Trainer, which runs the model's own training step."""
    clock = EpochClock(workload.device)
    trainer = L.Trainer(
        accelerator="gpu" if workload.device.type == "cuda" else "cpu",
        devices=1,
        precision="bf16-mixed" if workload.autocast else "32-true",
        max_epochs=EPOCHS,
        log_every_n_steps=50,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    trainer.fit(workload.model, workload)
    return median(clock.epochs_s[1:])


def table(figures: Figures, said: str, n_records: int, on_gpu: bool) -> Table:
    """Lay the figures out; goals stand beside those of a GPU only."""
    layout = Table("what", "figure", "of the roofline", "goal", "verdict", title=f"training step: {said}")
    layout.add_row("copy within memory", f"{figures.bandwidth / 1e9:,.0f} GB/s", "", "", "")
    for name, part in (("front", figures.front), ("step", figures.step)):
        roofline = part.records_per_s * part.n_bytes / figures.bandwidth
        figure = f"{part.records_per_s:,.0f} records/s, {part.n_bytes / 1e6:.1f} MB/record"
        layout.add_row(name, figure, f"{roofline:.0%}", "", "")
    share = 100.0 * figures.step.records_per_s / figures.front.records_per_s
    layout.add_row("front's share of the step", f"{share:.0f} %", "", *_asked(SHARE_GOAL, share, on_gpu))
    for name, epoch_s in (("plain loop", figures.loop_s), ("Trainer", figures.trainer_s)):
        scaled_s = epoch_s * FULL_RECORDS / n_records
        figure = f"{scaled_s:.2f} s" + ("" if n_records == FULL_RECORDS else f" (scaled from {n_records:,})")
        goal = _asked(EPOCH_GOAL, scaled_s, on_gpu)
        layout.add_row(f"epoch of {FULL_RECORDS:,} records, {name}", figure, "", *goal)
    _add_obspy(layout, figures)
    return layout


def _add_obspy(layout: Table, figures: Figures) -> None:
    """Add the comparison with ObsPy, or why there is none."""
    obspy = figures.obspy
    if obspy is None:
        layout.add_row(f"ObsPy, {WORKERS} workers", "not installed here, not compared", "", "", "")
        return
    how = "" if obspy.n_workers == WORKERS else f" (scaled from {obspy.n_workers} workers)"
    layout.add_row(f"ObsPy, {WORKERS} workers", f"{obspy.scaled:,.0f} records/s{how}", "", "", "")
    for name, part in (("front", figures.front), ("step", figures.step)):
        layout.add_row(f"{name} against ObsPy", f"{part.records_per_s / obspy.scaled:,.1f}x", "", "", "")


def _asked(goal: Goal, figure: float, on_gpu: bool) -> tuple[str, str]:
    return cells(goal if on_gpu else None, figure)


if __name__ == "__main__":
    main()
