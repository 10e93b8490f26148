"""One training step from resident counts, as the package does it, and rulers for its time and its bytes."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import lightning as L
import numpy as np
import torch
import yaml
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.data import DataLoader

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.data.order import KeyedBatches, ResumableLoader
from seismic_lightning.data.raw import RawRecords
from seismic_lightning.data.resident import Block, PlaceBatch, ResidentRecords, gathered
from seismic_lightning.models.ae import AE
from seismic_lightning.models.objective import objective
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

N_SAMPLES, RATE_HZ = 7001, 100.0
MADE_AT_ONCE = 1024
WARM_UP, REPEATS = 3, 10
COPIED_BYTES = {"cuda": 2**32, "cpu": 2**26}
MARMARA = Path(__file__).parents[1] / "conf" / "preprocess" / "marmara.yaml"
_TAKEN = ("index_select", "index", "gather")
"""Operations that read as many bytes as they write, however large what they read from."""
_PUT = ("index_put_", "index_copy_", "_index_put_impl_")
_NOTHING = (
    "empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "transpose_", "detach_",
)  # fmt: skip
"""Operations that only allocate or rename axes."""


def simulated_counts(n_records: int, device: torch.device, seed: int = 0) -> Tensor:
    """Return ``(n, 3, 7001)`` int32 counts with microseism, noise, P and S, made on the device."""
    generator = torch.Generator(device).manual_seed(seed)
    time_s = torch.arange(N_SAMPLES, device=device) / RATE_HZ
    counts = torch.empty(n_records, 3, N_SAMPLES, dtype=torch.int32, device=device)
    for start in range(0, n_records, MADE_AT_ONCE):
        part = counts[start : start + MADE_AT_ONCE]
        phase = 2 * torch.pi * torch.rand(len(part), 3, 1, generator=generator, device=device)
        samples = 120.0 * torch.randn(part.shape, generator=generator, device=device) - 8500.0
        samples += 900.0 * torch.sin(2 * torch.pi * 0.3 * time_s + phase)
        for onset_s, amplitude in ((10.0, 2e3), (18.0, 8e3)):
            late_s = (time_s - onset_s).clamp(min=0.0)
            samples += amplitude * torch.sin(2 * torch.pi * 4.0 * late_s + phase) * torch.exp(-late_s / 4.0)
        part.copy_(samples.round_())
    return counts


class Workload(L.LightningDataModule):
    """An autoencoder and its records, in a plain loop or under Lightning's Trainer."""

    def __init__(self, n_records: int, batch_size: int, device: torch.device, autocast: bool) -> None:
        """Make the counts on the device, and a model of the package's sizes."""
        super().__init__()
        self.n_records, self.batch_size, self.device = n_records, batch_size, device
        self.autocast = autocast
        settings = PreprocessSettings(**yaml.safe_load(MARMARA.read_text(encoding="utf-8")))
        self.front = SpectrogramFront(settings, StftSettings(), LogScaling(1.0, 2.0, 1.0)).to(device)
        rng = np.random.default_rng(0)
        known: Any = SimpleNamespace(
            rates_hz=np.full(n_records, RATE_HZ), gapless=np.ones(n_records, dtype=bool)
        )
        table = self.front.preprocess.table
        condition = Condition(
            torch.zeros(n_records), torch.zeros(n_records, 3), torch.zeros(n_records).long()
        )
        records = RawRecords(
            known,
            np.arange(n_records),
            torch.from_numpy(rng.integers(0, len(table), n_records)),
            torch.zeros(n_records, 3, dtype=torch.int64),
            condition,
        )
        blocks = {RATE_HZ: Block(simulated_counts(n_records, device))}
        self.records = ResidentRecords(records, np.arange(n_records), blocks)
        self.model = AE(n_freqs=129, n_frames=110).to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.loss: Callable[[Tensor], Tensor] = self._loss

    def batches(self) -> DataLoader[Any]:
        """Return the epoch's batches, as places on the host."""
        batches = KeyedBatches(self.n_records, self.batch_size, seed=0)
        return ResumableLoader(self.records, batches, self, self.device.type == "cuda")

    train_dataloader = batches

    def moved(self, batch: PlaceBatch) -> PlaceBatch:
        """Bring a batch to the device, as Lightning does."""
        moved: PlaceBatch = L.fabric.utilities.move_data_to_device(batch, self.device)
        return moved

    def on_after_batch_transfer(self, batch: PlaceBatch, dataloader_idx: int) -> Batch:
        """Gather, preprocess, transform and scale."""
        raw = gathered(batch)
        with torch.no_grad():
            waveform, spectrogram = self.front(raw.groups, raw.band)
        return Batch(waveform, spectrogram, raw.condition, raw.index)

    def train(self, spectrogram: Tensor) -> None:
        """Do forward, loss, backward and the optimizer's step."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            loss = self.loss(spectrogram)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()

    def step(self, batch: PlaceBatch) -> None:
        """Do one step from places."""
        self.train(self.on_after_batch_transfer(self.moved(batch), 0).spectrogram)

    def _loss(self, spectrogram: Tensor) -> Tensor:
        condition = Condition(*(spectrogram.new_zeros(0),) * 3)  # the autoencoder looks at none
        posterior = self.model.encode(spectrogram, condition)
        made = self.model.decode(posterior.mode, condition)
        return objective(made, spectrogram, posterior.kl(), 0.0).loss.mean()


class EpochClock(L.Callback):
    """Times the epochs of a training, the device's work included."""

    def __init__(self, device: torch.device) -> None:
        """Start without epochs."""
        self._device, self._start_s = device, 0.0
        self.epochs_s: list[float] = []

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock when the device has nothing left to do."""
        self._start_s = now_s(self._device)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop it likewise."""
        self.epochs_s.append(now_s(self._device) - self._start_s)


def now_s(device: torch.device) -> float:
    """Return the time at which the device has finished all work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds(device: torch.device, work: Callable[[], object]) -> float:
    """Return the median time of some work after a warm-up, by events of the device where it has them."""
    for _ in range(WARM_UP):
        work()
    if device.type != "cuda":
        return median(_host_seconds(work) for _ in range(REPEATS))
    pairs = []
    for _ in range(REPEATS):
        first, last = (_event() for _ in range(2))
        first.record()
        work()
        last.record()
        pairs.append((first, last))
    torch.cuda.synchronize(device)
    return median(float(first.elapsed_time(last)) for first, last in pairs) / 1e3


def _event() -> Any:  # noqa: ANN401 - untyped in torch
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def _host_seconds(work: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    work()
    return time.perf_counter() - start_s


def copied_bytes_per_s(device: torch.device) -> float:
    """Return the bandwidth of a large copy within the device's memory, bytes read and written together."""
    source = torch.zeros(COPIED_BYTES[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(device, lambda: target.copy_(source))


class ByteCount(TorchDispatchMode):  # type: ignore[no-untyped-call] # untyped in torch
    """Adds up what each operation reads and writes; views and bare allocations move nothing.

    Attributes:
        n_bytes: Bytes so far.
    """

    def __init__(self) -> None:
        """Start at zero."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.n_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        """Run an operation and count it."""
        result = func(*args, **(kwargs or {}))
        name = func._schema.name.split("::")[1]
        aliases = [argument.alias_info for argument in func._schema.arguments if argument.alias_info]
        is_view = any(not alias.is_write for alias in aliases)
        if is_view or name in _NOTHING:
            return result
        if name in _TAKEN:
            self.n_bytes += 2 * _size(result)
        elif name in _PUT:
            self.n_bytes += 2 * _size(args[2:])
        else:
            self.n_bytes += _size((args, kwargs)) + _size(result)
        return result


def _size(tree: object) -> int:
    return sum(leaf.numel() * leaf.element_size() for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))


def counted_bytes(work: Callable[[], object]) -> int:
    """Return the bytes that some work moves, operation by operation."""
    count = ByteCount()
    with count:
        work()
    return count.n_bytes
