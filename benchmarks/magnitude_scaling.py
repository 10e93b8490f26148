"""How much energy a conditional model gives to a unit of magnitude, against the simulator's truth.

The model decodes the latent 0 for several magnitudes at one place and station; the truth is the mean of
simulated records of the very same earthquakes. Energy is the sum of squared magnitudes of the spectrogram.
Run with ``python -m benchmarks.magnitude_scaling CHECKPOINT`` on a CVAE trained with ``data=synthetic``.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.simulation.rays import BEFORE_PICK_S
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator
from seismic_lightning.transforms.front import SpectrogramFront

MAGNITUDES = (1.5, 2.5, 3.5)
PLACE = {"latitude_deg": 40.75, "longitude_deg": 28.6, "depth_km": 10.0}
STATION = "SLVT"
N_SEEDS = 24


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit(
            "usage: python -m benchmarks.magnitude_scaling CHECKPOINT, such as <run>/checkpoints/best.ckpt"
        )
    path = Path(sys.argv[1])
    stored = torch.load(path, weights_only=True)["SpectrogramDataModule"]
    front = SpectrogramFront.from_settings(stored["front"])
    model = CVAE.load_from_checkpoint(path).eval()
    condition = ConditionScaling.from_settings(stored["conditions"])(_asked())
    with torch.no_grad():
        latent = torch.zeros(len(MAGNITUDES), int(model.hparams["latent_size"]))
        made = _log_energy(front, model.decode(latent, condition))
    truth = torch.stack([_truth(front, stored["window"], magnitude) for magnitude in MAGNITUDES])
    table = Table("magnitude", "CVAE at z = 0", "simulator", title="log10 energy (counts squared)")
    for magnitude, ours, theirs in zip(MAGNITUDES, made.tolist(), truth.tolist(), strict=True):
        table.add_row(f"{magnitude:g}", f"{ours:.2f}", f"{theirs:.2f}")
    table.add_row("slope per unit", f"{_slope(made):.2f}", f"{_slope(truth):.2f}")
    Console().print(table)


def _asked() -> pd.DataFrame:
    rows = {f"source_{name}": [value] * len(MAGNITUDES) for name, value in PLACE.items()}
    return pd.DataFrame(
        {**rows, "source_magnitude": MAGNITUDES, "station_network_code": "KO", "station_code": STATION}
    )


def _truth(front: SpectrogramFront, window: dict[str, float], magnitude: float) -> Tensor:
    """Return the mean log energy of simulated records of one earthquake, noise and phases drawn anew."""
    simulator = Simulator(SimulationSettings(n_records=1))
    blocks = [
        simulator.at(
            magnitude=magnitude,
            latitude_deg=PLACE["latitude_deg"],
            longitude_deg=PLACE["longitude_deg"],
            depth_km=PLACE["depth_km"],
            station=STATION,
            seed=seed,
        )
        for seed in range(N_SEEDS)
    ]
    rate_hz = blocks[0].sampling_rate_hz
    start = round((BEFORE_PICK_S - window["before_p_s"]) * rate_hz)
    n_samples = round(window["length_s"] * rate_hz) + 1
    counts = np.concatenate([block.counts for block in blocks])[..., start : start + n_samples]
    band = front.preprocess.bands(["HH"] * N_SEEDS, [magnitude] * N_SEEDS)
    with torch.no_grad():
        _, spectrogram = front([(rate_hz, torch.arange(N_SEEDS), torch.from_numpy(counts.copy()))], band)
    return _log_energy(front, spectrogram).mean()


def _log_energy(front: SpectrogramFront, spectrogram: Tensor) -> Tensor:
    assert front.scaling is not None
    return front.scaling.inverse(spectrogram).square().flatten(1).sum(1).log10()


def _slope(log_energy: Tensor) -> float:
    return float(np.polyfit(MAGNITUDES, log_energy.numpy(), 1)[0])


if __name__ == "__main__":
    main()
