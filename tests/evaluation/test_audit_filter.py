"""A filter that depends on magnitude is found by noise alone, one that does not is left in peace."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.signals import option

from seismic_lightning.curation.store import open_dataset
from seismic_lightning.evaluation import audit_filter
from seismic_lightning.evaluation.audit_filter import (
    Noise,
    Recognised,
    magnitude_in_the_filter,
    noise_windows,
    recognise_bins,
)
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.settings import PreprocessSettings

CHANCE = 0.2


def white(n_records: int = 200, rate_hz: float = 100.0) -> Noise:
    samples = torch.randn(n_records, 3, 2001, generator=torch.Generator().manual_seed(0))
    return Noise(samples, torch.zeros(n_records, 3, dtype=torch.int64), "HH", rate_hz, "white noise")


def recognised(settings: PreprocessSettings, noise: Noise) -> Recognised:
    return recognise_bins(Preprocess(settings), noise, np.random.default_rng(0))


def test_the_band_table_tells_the_magnitude() -> None:
    seen = recognised(option("marmara"), white())
    assert seen.leaks
    assert (seen.n_windows, seen.n_bins) == (300, 5)
    assert seen.n_right / seen.n_windows >= 0.99


@pytest.mark.parametrize("name", ["fixed_band", "none"])
def test_one_band_for_all_tells_nothing(name: str) -> None:
    seen = recognised(option(name), white())
    assert not seen.leaks
    assert seen.interval[0] < CHANCE < seen.interval[1]
    assert seen.interval[1] < 0.3


def test_a_single_deviating_bin_is_enough() -> None:
    bands = {"any": [[1.0, 20.0]] * 4 + [[1.0, 12.0]]}
    settings = PreprocessSettings(magnitude_edges=[1.0, 2.0, 3.0, 4.0], bands_hz=bands)
    assert recognised(settings, white()).leaks


def test_noise_before_p_serves_where_there_is_enough(
    dataset_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(dataset_dir)
    instrument = torch.zeros(len(dataset), 3, dtype=torch.int64)
    few = noise_windows(dataset, instrument, np.random.default_rng(0))
    assert few.kind.startswith("white noise")
    monkeypatch.setattr(audit_filter, "FEWEST_WINDOWS", 30)
    noise = noise_windows(dataset, instrument, np.random.default_rng(0))
    assert noise.kind.startswith("9.5 s of noise before P (BH at 50 Hz)")
    assert noise.samples.shape[1:] == (3, 475)
    finding = magnitude_in_the_filter(dataset, option("marmara"), conditional=False, seed=0)
    assert finding.verdict == "warning"
    assert "9.5 s of noise before P" in finding.found


@pytest.mark.parametrize(("conditional", "verdict"), [(False, "warning"), (True, "error")])
def test_a_leak_weighs_more_for_a_conditional_model(
    conditional: bool, verdict: str, dataset_dir: Path
) -> None:
    dataset = open_dataset(dataset_dir)
    finding = magnitude_in_the_filter(dataset, option("marmara"), conditional=conditional, seed=0)
    assert finding.verdict == verdict
    assert "preprocess=fixed_band" in finding.remedy
    sound = magnitude_in_the_filter(dataset, option("fixed_band"), conditional=conditional, seed=0)
    assert sound.verdict == "ok"


def test_one_seed_is_one_answer(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    found = [
        magnitude_in_the_filter(dataset, option("fixed_band"), conditional=False, seed=seed).found
        for seed in (3, 3, 5)
    ]
    assert found[0] == found[1] != found[2]
