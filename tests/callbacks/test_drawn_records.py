"""Drawn records follow from weights and seed, come from averaged weights, and leave alone who cannot draw."""

import logging
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seismic_lightning.batch import Condition
from seismic_lightning.callbacks import drawn_records
from seismic_lightning.callbacks.averaged import AveragedWeights
from seismic_lightning.callbacks.drawn_figure import Panel, draw_panel
from seismic_lightning.callbacks.drawn_records import TAG, DrawnRecords
from seismic_lightning.callbacks.figure import to_pixels
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.callbacks.scalar_charts import ScalarCharts
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.load import load_model
from seismic_lightning.models.vae import VAE
from seismic_lightning.nn.noise import keyed_generator

RATE_HZ = 100.0
pytestmark = pytest.mark.filterwarnings(
    "ignore:You're using the WeightAveraging callback with a model:UserWarning"
)


class WithWaveforms(FakeDataModule):
    """The fake records with waveforms of the length of their spectrograms, and with what titles name."""

    def __init__(self) -> None:
        """Add them."""
        super().__init__()
        n_records, n_samples = len(self.dataset.metadata), self.front.stft.hop * (self.n_frames - 1)
        noise = torch.Generator().manual_seed(0)
        waveform = torch.randn(n_records, self.n_components, n_samples, generator=noise)
        self.everything = self.everything._replace(waveform=waveform)
        self.dataset.metadata = self.dataset.metadata.assign(
            path_hyp_distance_km=45.0,
            trace_sampling_rate_hz=RATE_HZ,
            trace_p_arrival_sample=50.0,
            trace_s_arrival_sample=np.nan,
        )


def train(
    folder: Path, model: SpectrogramAutoencoder, *callbacks: L.Callback, max_epochs: int = 1
) -> EventAccumulator:
    """Train with a TensorBoard logger and return what it wrote."""
    logger = TensorBoardLogger(folder, name="board", version="", default_hp_metric=False)
    trainer = quiet_trainer(
        folder, *callbacks, logger=logger, max_epochs=max_epochs, num_sanity_val_steps=1, log_every_n_steps=1
    )
    trainer.fit(model, WithWaveforms())
    logger.experiment.close()
    events = EventAccumulator(str(folder / "board"), size_guidance={"images": 0})
    events.Reload()
    return events


@pytest.mark.parametrize("model", [VAE, CVAE])
def test_equal_weights_and_seeds_give_equal_pictures(
    model: type[SpectrogramAutoencoder], tmp_path: Path
) -> None:
    pictures = []
    for number, seed in enumerate((0, 0, 1)):
        torch.manual_seed(0)
        events = train(tmp_path / str(number), small(model), DrawnRecords(n_events=2, seed=seed))
        (image,) = events.Images(TAG)
        pictures.append(image.encoded_image_string)
    assert pictures[0] == pictures[1] != pictures[2]
    assert pictures[0][:4] == b"\x89PNG"


def test_pictures_come_when_they_are_due_and_at_the_end(tmp_path: Path) -> None:
    events = train(tmp_path, small(), DrawnRecords(n_events=1, every_n_epochs=2), max_epochs=3)
    n_steps = len(WithWaveforms().train_dataloader())
    assert [image.step for image in events.Images(TAG)] == [2 * n_steps, 3 * n_steps]


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> list[Panel]:
    """Keep what is drawn."""
    kept: list[Panel] = []

    def draw(panel: Panel) -> object:
        kept.append(panel)
        return draw_panel(panel)

    monkeypatch.setattr(drawn_records, "draw_panel", draw)
    return kept


@pytest.mark.parametrize("averages_first", [True, False])
def test_the_weights_that_are_validated_and_kept_are_those_that_draw(
    averages_first: bool, panels: list[Panel], tmp_path: Path
) -> None:
    pair = (AveragedWeights(decay=0.9), DrawnRecords(n_events=3, seed=5))
    callbacks = pair if averages_first else pair[::-1]
    train(tmp_path, small(), *callbacks, LastCheckpoint(tmp_path))
    module = WithWaveforms()
    rows = module.rows("dev")[::2][:3]  # two records of each event
    condition = Condition(*(part[rows] for part in module.everything.condition))
    noise = [keyed_generator(torch.device("cpu"), 5, int(row)) for row in rows]
    expected = load_model(tmp_path / "last.ckpt").generate(condition, generator=noise)
    (panel,) = panels
    found = np.stack([pair.drawn.level_db for pair in panel.pairs])
    np.testing.assert_allclose(found, module.front.to_db(expected)[:, -1].numpy(), atol=1e-2)


def test_the_record_stands_beside_its_answer(panels: list[Panel], tmp_path: Path) -> None:
    train(tmp_path, small(), DrawnRecords(n_events=2))
    module = WithWaveforms()
    (panel,) = panels
    assert panel.component == "E"
    for pair, row in zip(panel.pairs, module.rows("dev")[::2], strict=False):
        magnitude = module.dataset.metadata["source_magnitude"].iloc[row]
        assert pair.title == f"M {magnitude:.1f}, 45 km, {module.station_names[row]}"
        assert pair.onsets_s == {"P": 0.5}
        assert np.array_equal(pair.real.waveform, module.everything.waveform[row, -1].numpy())
        assert pair.drawn.waveform.shape == pair.real.waveform.shape
    figure = draw_panel(panel)
    assert to_pixels(figure).shape[2] == 3
    recorded, drawn = figure.axes[2:4]  # spectrograms of the first row
    assert recorded.images[0].get_clim() == drawn.images[0].get_clim()
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_a_model_that_draws_nothing_is_named_and_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        events = train(tmp_path, small(AE), DrawnRecords())
    assert "AE draws no records" in caplog.text
    assert events.Tags()["images"] == []


@pytest.mark.parametrize("name", ["n_events", "every_n_epochs"])
def test_drawing_never_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"drawn_records\.{name}=0: give 1 or more"):
        DrawnRecords(**{name: 0})


def test_charts_hold_the_scalars_they_name(tmp_path: Path) -> None:
    events = train(tmp_path, small(), ScalarCharts({"price": ["val/kl", "val/reconstruction"]}))
    (layout,) = events.Tensors("custom_scalars__config__")
    text = layout.tensor_proto.string_val[0]
    assert b"VAE" in text
    assert b"val/kl" in text
    assert b"^val/kl$" in text  # patterns: unanchored it would also show val/kl_per_dimension
    assert {"val/kl", "val/reconstruction"} <= set(events.Tags()["scalars"])
