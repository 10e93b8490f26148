"""The front: mixed rates in, one batch in order out, and everything needed to make it again."""

from pathlib import Path

import pytest
import torch
from support.signals import counts, option
from torch import Tensor

from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.transforms.front import Group, SpectrogramFront
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import StftSettings

RATES_HZ = [100.0, 20.0, 50.0, 100.0, 62.5, 20.0, 200.0, 50.0, 100.0]


def mixed() -> tuple[list[Tensor], list[Group], Tensor]:
    """Return nine records of five sampling rates, one by one and in groups."""
    records = [torch.from_numpy(counts(1, rate, 40.0, seed=i)[0]) for i, rate in enumerate(RATES_HZ)]
    groups = []
    for rate_hz in sorted(set(RATES_HZ)):
        positions = torch.tensor([i for i, rate in enumerate(RATES_HZ) if rate == rate_hz])
        groups.append((rate_hz, positions, torch.stack([records[i] for i in positions])))
    return records, groups, torch.arange(len(RATES_HZ)) + 6


def front() -> SpectrogramFront:
    return SpectrogramFront(option("marmara"), StftSettings(), LogScaling(0.01, 1.5, 0.8))


def test_records_of_all_rates_come_back_in_order() -> None:
    records, groups, band = mixed()
    waveform, spectrogram = front()(groups, band)
    assert waveform.shape == (9, 3, 4001)
    assert spectrogram.shape == (9, 3, 129, 63)
    for index, record in enumerate(records):
        alone = [(RATES_HZ[index], torch.tensor([0]), record[None])]
        waveform_alone, spectrogram_alone = front()(alone, band[[index]])
        assert torch.equal(waveform[index], waveform_alone[0]), index
        assert torch.equal(spectrogram[index], spectrogram_alone[0]), index


def test_the_spectrogram_is_the_scaled_magnitude() -> None:
    _, groups, band = mixed()
    whole = front()
    waveform, spectrogram = whole(groups, band)
    assert whole.scaling is not None
    torch.testing.assert_close(whole.scaling(whole.magnitude(waveform)), spectrogram)
    magnitude = whole.scaling.inverse(spectrogram)
    torch.testing.assert_close(magnitude, whole.stft(waveform), rtol=1e-4, atol=1e-6)


def test_ten_times_the_amplitude_is_seen() -> None:
    record = torch.from_numpy(counts(1, 100.0))
    band = torch.tensor([1])
    _, weak = front()([(100.0, torch.tensor([0]), record)], band)
    _, strong = front()([(100.0, torch.tensor([0]), record * 10)], band)
    assert (strong - weak).median().item() == pytest.approx(1 / 0.8, rel=0.01)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_precision_reaches_the_spectrogram(dtype: str) -> None:
    whole = SpectrogramFront(option("marmara", dtype=dtype), StftSettings(), LogScaling(0.01, 1.5, 0.8))
    _, groups, band = mixed()
    for result in whole(groups, band):
        assert result.dtype == getattr(torch, dtype)


def test_mixed_precision_training_leaves_the_front_alone() -> None:
    _, groups, band = mixed()
    expected = front()(groups, band)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = front()(groups, band)
    assert torch.equal(result[0], expected[0])
    assert torch.equal(result[1], expected[1])


@pytest.mark.parametrize("scaling", [None, LogScaling(0.01, 1.5, 0.8)], ids=["unscaled", "scaled"])
def test_a_front_is_made_again_from_its_settings(scaling: LogScaling | None, tmp_path: Path) -> None:
    original = SpectrogramFront(option("marmara", zero_phase=True), StftSettings(512, 448, 512), scaling)
    torch.save(original.settings(), tmp_path / "front.pt")
    again = SpectrogramFront.from_settings(torch.load(tmp_path / "front.pt", weights_only=True))
    assert again.settings() == original.settings()
    _, groups, band = mixed()
    waveform = again.waveform(groups, band)
    assert torch.equal(waveform, original.waveform(groups, band))
    assert torch.equal(again.magnitude(waveform), original.magnitude(waveform))


def test_nothing_of_the_front_enters_a_state_dict() -> None:
    whole = front()
    _, groups, band = mixed()
    whole(groups, band)
    assert not whole.state_dict()


def test_a_front_without_scaling_says_so() -> None:
    _, groups, band = mixed()
    with pytest.raises(ConfigurationError, match="no scaling"):
        SpectrogramFront(option("marmara"), StftSettings())(groups, band)


def test_groups_that_do_not_make_up_the_batch_are_refused() -> None:
    _, groups, band = mixed()
    with pytest.raises(DatasetError, match="hold 7 records, the batch 9"):
        front().waveform(groups[1:], band)


def test_lengths_that_differ_after_resampling_are_refused() -> None:
    groups = [
        (100.0, torch.tensor([0]), torch.ones(1, 3, 4003, dtype=torch.int32)),
        (20.0, torch.tensor([1]), torch.ones(1, 3, 801, dtype=torch.int32)),
    ]
    with pytest.raises(DatasetError, match=r"\(100\.0, 4003\), \(20\.0, 4001\)"):
        front().waveform(groups, torch.tensor([0, 0]))
