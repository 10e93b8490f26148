"""Zero-phase filters and sampling rates: recursion against transforms, a mix of rates against one.

* Zero phase: the recursion forwards and backwards against two passes of zero-padded Fourier transforms, both
  exact (ObsPy's ``zerophase=True``) and both on tapered records.
* Rates: preprocessing of records at 100, 50, 40 and 20 Hz in equal parts, brought to 100 Hz, against as many
  records that are at 100 Hz. The others are filtered in the transforms that resample them.

Run with ``python -m benchmarks.filters``.
"""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import torch
import yaml
from rich.table import Table
from torch import Tensor

from benchmarks import synthetic
from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.transforms import bandpass
from seismic_lightning.transforms.bands import BandTable
from seismic_lightning.transforms.front import Group, SpectrogramFront
from seismic_lightning.transforms.recursion import BlockRecursion
from seismic_lightning.transforms.resample import fft_lengths
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

ZERO_PHASE_GOAL, MIX_GOAL = Goal(1.8), Goal(1.5)
RATES_HZ, LENGTH_S, N_RECORDS, CHUNK, ROUNDS = (100.0, 50.0, 40.0, 20.0), 70.0, 64, 8, 15
PAD_S = 75.0
"""What the lowest corner of the table, 0.1 Hz, needs for single precision."""
_ACTIVATIONS = 7_500_000
"""Values freed beforehand, as a model's are in training: from then on the C library keeps blocks of 30 MB at
hand instead of asking the system for each anew, which would cost as much as the work itself."""
Work = Callable[[], object]


def main() -> None:
    torch.set_num_threads(1)
    torch.ones(_ACTIVATIONS)
    option = Path(__file__).parents[1] / "conf" / "preprocess" / "marmara.yaml"
    settings = PreprocessSettings(**yaml.safe_load(option.read_text(encoding="utf-8")))
    table = Table(
        "what", "ours, µs/record", "peer, µs/record", "ratio", "goal", "verdict", title="filters, rates"
    )
    for name, goal, (peer, ours) in (
        ("zero phase, against two padded passes", ZERO_PHASE_GOAL, zero_phase(settings)),
        ("100/50/40/20 Hz, against all at 100 Hz", MIX_GOAL, rates(settings)),
    ):
        seconds = np.array([[timed(peer), timed(ours)] for _ in range(1 + ROUNDS)][1:])
        peer_us, ours_us = np.median(seconds, axis=0) / N_RECORDS * 1e6
        ratio = float(np.median(seconds[:, 0] / seconds[:, 1]))
        table.add_row(name, f"{ours_us:.0f}", f"{peer_us:.0f}", f"{ratio:.2f}x", *cells(goal, ratio))
        keep(name, f"{ours_us:.0f} µs/record", f"{peer_us:.0f} µs/record", ratio, goal)
    say(table)


def zero_phase(settings: PreprocessSettings) -> tuple[Work, Work]:
    """Return both ways to filter tapered records forwards and backwards."""
    rng = np.random.default_rng(0)
    n_samples = round(LENGTH_S * RATES_HZ[0]) + 1
    samples = torch.from_numpy(rng.normal(size=(N_RECORDS, 3, n_samples)).astype(np.float32))
    corners_hz = BandTable(settings).corners_hz
    band = torch.from_numpy(rng.integers(0, len(corners_hz), N_RECORDS))
    n_fft = fft_lengths(LENGTH_S + PAD_S, RATES_HZ[0], RATES_HZ[0]).native
    responses = bandpass.response(corners_hz, settings.corners, RATES_HZ[0], n_fft)
    filters = torch.from_numpy(responses).to(torch.complex64)
    recursion = BlockRecursion(corners_hz, settings.corners, RATES_HZ[0], torch.float32)

    def padded(part: slice) -> Tensor:
        spectrum = torch.fft.rfft(samples[part], n_fft)
        spectrum = bandpass.filter_both_ways(spectrum, filters[band[part]].unsqueeze(1), n_fft, n_samples)
        filtered: Tensor = torch.fft.irfft(spectrum, n_fft)
        return filtered[..., :n_samples]

    def recursive(part: slice) -> Tensor:
        return recursion.both_ways(samples[part], band[part])

    parts = [slice(start, start + CHUNK) for start in range(0, N_RECORDS, CHUNK)]
    torch.testing.assert_close(recursive(parts[0]), padded(parts[0]), rtol=0, atol=1e-5)
    return lambda: [padded(part) for part in parts], lambda: [recursive(part) for part in parts]


def rates(settings: PreprocessSettings) -> tuple[Work, Work]:
    """Return the preprocessing of records at one rate and of a mix."""
    rng = np.random.default_rng(0)
    front = SpectrogramFront(settings, StftSettings())
    band = torch.from_numpy(rng.integers(0, len(front.preprocess.table), N_RECORDS))
    n_each = N_RECORDS // len(RATES_HZ)

    def group(rate_hz: float, places: Tensor) -> Group:
        n_samples = round(LENGTH_S * rate_hz) + 1
        records = np.stack([synthetic.record(rng, n_samples, rate_hz) for _ in range(len(places))])
        return rate_hz, places, torch.from_numpy(records)

    one = [group(RATES_HZ[0], torch.arange(N_RECORDS))]
    mix = [group(rate, torch.arange(n_each) * len(RATES_HZ) + place) for place, rate in enumerate(RATES_HZ)]
    return lambda: front.waveform(one, band), lambda: front.waveform(mix, band)


def timed(work: Work) -> float:
    """Return the processor time of one pass over all records."""
    start = process_time()
    work()
    return process_time() - start


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
