"""A checkpoint tells all that generation needs, or is refused by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.checkpoints import write_checkpoint

from seismic_lightning.curation.store import open_dataset
from seismic_lightning.data.hull import TrainingHull
from seismic_lightning.data.trained_on import DATA_KEY
from seismic_lightning.errors import CheckpointError, ConfigurationError
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.ae import AE


def edited(source: Path, target: Path, **changes: Any) -> Path:  # noqa: ANN401
    """Copy a checkpoint with entries of its data replaced, or left out where None."""
    checkpoint = torch.load(source, weights_only=True)
    state = {**checkpoint[DATA_KEY], **changes}
    checkpoint[DATA_KEY] = {name: value for name, value in state.items() if value is not None}
    torch.save(checkpoint, target)
    return target


def test_a_checkpoint_says_what_its_dataset_said(cvae_checkpoint: Path, dataset_dir: Path) -> None:
    trained, dataset = Trained.read(cvae_checkpoint), open_dataset(dataset_dir)
    assert (trained.unit, trained.units, trained.components) == ("mps", "sensitivity", "ZNE")
    assert (trained.before_p_s, trained.length_s) == (10.0, 20.0)
    assert (trained.rate_hz, trained.n_samples) == (100.0, 2001)
    assert trained.dataset_id == dataset.dataset_id
    assert not trained.model.training


def test_the_hull_is_that_of_the_training_split(cvae_checkpoint: Path, dataset_dir: Path) -> None:
    metadata = open_dataset(dataset_dir).metadata
    train = metadata[metadata["split"] == "train"]
    hull = Trained.read(cvae_checkpoint).hull
    assert hull is not None
    assert hull.magnitude == (train["source_magnitude"].min(), train["source_magnitude"].max())
    assert hull.hypocentral_distance_km.highest == train["path_hyp_distance_km"].max()
    assert hull.families[0] == train["trace_channel"].mode()[0]
    assert hull.n_records == len(train)
    first = train.iloc[0]
    (found,) = (
        known
        for known in hull.sensitivities
        if known[:2] == (f"KO.{first['station_code']}", first["trace_channel"])
    )
    assert found.counts_per_unit == first["trace_sensitivity_counts_per_mps"]
    assert TrainingHull.from_settings(hull.settings()) == hull


def test_the_hull_of_nothing_known_holds_nothing(dataset_dir: Path) -> None:
    metadata = open_dataset(dataset_dir).metadata.assign(source_depth_km=np.nan)
    assert not TrainingHull.fit(metadata).depth_km.holds([10.0]).any()


def test_what_was_encoded_comes_back_in_shape(cvae_checkpoint: Path) -> None:
    trained = Trained.read(cvae_checkpoint)
    spectrogram = torch.randn(2, 3, trained.model.grid.n_freqs, trained.model.grid.n_frames)
    metadata = _places(trained, 2)
    reconstruction = trained.reconstruct(spectrogram, trained.condition(metadata))
    assert reconstruction.shape == spectrogram.shape
    assert not reconstruction.requires_grad
    assert trained.waveform(reconstruction, n_iterations=2).shape == (2, 3, trained.n_samples)


@pytest.mark.parametrize("lacking", ["unit", "window"])
def test_a_checkpoint_that_lacks_what_waveforms_need_is_refused(
    lacking: str, cvae_checkpoint: Path, tmp_path: Path
) -> None:
    path = edited(cvae_checkpoint, tmp_path / "older.ckpt", **{lacking: None})
    with pytest.raises(CheckpointError, match=rf"older\.ckpt: does not say the {lacking} of its records"):
        Trained.read(path)


@pytest.mark.parametrize("lacking", ["front", "conditions", "dataset_id"])
def test_a_checkpoint_without_its_data_is_refused(
    lacking: str, cvae_checkpoint: Path, tmp_path: Path
) -> None:
    path = edited(cvae_checkpoint, tmp_path / "foreign.ckpt", **{lacking: None})
    with pytest.raises(CheckpointError, match=r"foreign\.ckpt: does not say what data"):
        Trained.read(path)


def test_a_checkpoint_from_before_the_hull_is_read(cvae_checkpoint: Path, tmp_path: Path) -> None:
    assert Trained.read(edited(cvae_checkpoint, tmp_path / "older.ckpt", hull=None)).hull is None


def test_the_file_is_read_once_and_its_parts_are_checked_once(
    cvae_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    load = torch.load

    def counted(file: object, **options: Any) -> Any:  # noqa: ANN401 - any argument of torch.load
        opened.append(file)
        return load(file, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(torch, "load", counted)
    Trained.read(cvae_checkpoint)
    assert opened == [cvae_checkpoint]


def test_a_training_that_did_not_end_is_told_to(cvae_checkpoint: Path) -> None:
    message = r"cvae\.ckpt: sampler=aggregate: .* fits when training ends: use sampler=prior, or resume"
    with pytest.raises(CheckpointError, match=message):
        Trained.read(cvae_checkpoint).require_draws("aggregate")


def test_an_autoencoder_reconstructs_only(ae_checkpoint: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ae\.ckpt holds an AE, .* it can reconstruct only"):
        Trained.read(ae_checkpoint).require_draws()


def _places(trained: Trained, n_records: int) -> Any:  # noqa: ANN401 - a table
    from support.scenarios import inside

    from seismic_lightning.generation.request import expand, request_table

    return expand(request_table(trained, [inside(trained, n_records=n_records)]))


@pytest.mark.parametrize("preprocess", ["fixed_band", "marmara", "none"])
def test_the_frequency_of_sensitivities_lies_in_what_passbands_share(
    dataset_dir: Path, tmp_path: Path, preprocess: str
) -> None:
    trained = Trained.read(write_checkpoint(dataset_dir, tmp_path / "ae.ckpt", AE, preprocess=preprocess))
    corners_hz = trained.front.preprocess.passbands_hz(trained.rate_hz).numpy()
    shared = sorted((corners_hz[:, 0].max(), corners_hz[:, 1].min()))
    assert trained.passing_hz > 0.0
    assert shared[0] <= trained.passing_hz <= shared[1]
