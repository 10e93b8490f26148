"""How much energy a conditional model gives to a unit of magnitude, against records of the same dataset.

Each model draws as many records from its prior as the dataset holds, at the very conditions of its records;
the slope of log10 energy against magnitude, the scatter about it, the mean bias and the roughness, the
standard deviation of differences between neighbouring frames in decades, stand beside those of the records
themselves. Energy is the sum of squared magnitudes of the spectrogram. Run with ``python -m
benchmarks.magnitude_scaling DATASET CHECKPOINT [CHECKPOINT ...]``.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor

from seismic_lightning.batch import Condition
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.load import load_model
from seismic_lightning.transforms.front import SpectrogramFront

SEED = 0
SPLITS = ("train", "val", "test")
COLUMNS = ("slope per unit", "sd about the line", "mean bias", "roughness")


class Measured(NamedTuple):
    """What is compared.

    Attributes:
        log_energy: ``(n,)`` decades.
        roughness: ``(n,)`` decades.
    """

    log_energy: Tensor
    roughness: Tensor


def main() -> None:
    if len(sys.argv) < 3 or not all(Path(name).exists() for name in sys.argv[1:]):
        sys.exit("usage: python -m benchmarks.magnitude_scaling DATASET CHECKPOINT [CHECKPOINT ...]")
    dataset_dir, *paths = (Path(name) for name in sys.argv[1:])
    table = Table("split", "what", *COLUMNS, title="log10 energy (counts squared)")
    for path in paths:
        compare(table, dataset_dir, path)
    Console(width=110).print(table)


def compare(table: Table, dataset_dir: Path, path: Path) -> None:
    """Add the rows of one checkpoint."""
    stored = torch.load(path, weights_only=True)["SpectrogramDataModule"]
    front = SpectrogramFront.from_settings(stored["front"])
    features = "physics" if stored["conditions"].get("path") else "location"
    module = SpectrogramDataModule(
        dataset_dir, front.preprocess.settings, front.stft.settings, condition=features
    )
    module.setup()
    module.load_state_dict(stored)
    model = load_model(path)
    for split in SPLITS:
        rows = module.records(split).rows
        magnitude = module.dataset.metadata["source_magnitude"].to_numpy(dtype=float)[rows]
        measured = _measure(module, model, split)
        for name, own in measured.items():
            cells = _line(magnitude, own, measured["records"])
            table.add_row(split, f"{path.parts[-3]}, {name}", *(f"{cell:.2f}" for cell in cells))


@torch.no_grad()
def _measure(module: SpectrogramDataModule, model: SpectrogramAutoencoder, split: str) -> dict[str, Measured]:
    """Measure the records of a split, their reconstructions and as many draws from the prior."""
    generator = torch.Generator().manual_seed(SEED)
    records = module.records(split)
    found: dict[str, list[Measured]] = {}
    for start in range(0, len(records), module.batch_size):
        places = list(range(start, min(start + module.batch_size, len(records))))
        batch = module.on_after_batch_transfer(records.__getitems__(places), 0)
        condition: Condition = batch.condition
        made = {
            "records": batch.spectrogram,
            "reconstructed": model(batch.spectrogram, condition),
            "drawn": model.generate(condition, generator=generator),
        }
        for name, spectrogram in made.items():
            found.setdefault(name, []).append(_energy_and_roughness(module.front, spectrogram))
    return {name: Measured(*map(torch.cat, zip(*parts, strict=True))) for name, parts in found.items()}


def _energy_and_roughness(front: SpectrogramFront, spectrogram: Tensor) -> Measured:
    assert front.scaling is not None
    energy = front.scaling.inverse(spectrogram).square().flatten(1).sum(1)
    steps = spectrogram.diff(dim=-1).flatten(1).std(1) * front.scaling.constants.std
    return Measured(energy.clamp(min=1e-30).log10(), steps)


def _line(magnitude: NDArray[np.float64], own: Measured, records: Measured) -> tuple[float, ...]:
    """Return slope, scatter about the line, mean bias against the records, and roughness."""
    log_energy = own.log_energy.double().numpy()
    slope, level = np.polyfit(magnitude, log_energy, 1)
    scatter = float(np.std(log_energy - slope * magnitude - level))
    bias = float((own.log_energy - records.log_energy).mean())
    return float(slope), scatter, bias, float(own.roughness.mean())


if __name__ == "__main__":
    main()
