"""The front: mixed rates in, one batch in order out, and everything needed to make it again."""

from pathlib import Path

import pytest
import torch
from support.signals import counts, option
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.transforms.companding import PowerCompanding
from seismic_lightning.transforms.front import Group, SpectrogramFront
from seismic_lightning.transforms.phase import FastGriffinLim, spectral_convergence_db
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import StftSettings

RATES_HZ = [100.0, 20.0, 50.0, 100.0, 62.5, 20.0, 200.0, 50.0, 100.0]


COMPANDING = PowerCompanding(0.3, 6.0)


def mixed() -> tuple[list[Tensor], list[Group], Tensor]:
    """Return nine records of five sampling rates, one by one and in groups."""
    records = [torch.from_numpy(counts(1, rate, 40.0, seed=i)[0]) for i, rate in enumerate(RATES_HZ)]
    groups: list[Group] = []
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


def test_one_group_in_another_order_is_put_in_order() -> None:
    records = torch.from_numpy(counts(3, 100.0, 40.0))
    band = torch.tensor([0, 7, 14])
    expected = front().waveform([(100.0, torch.arange(3), records)], band)
    turned = torch.tensor([2, 0, 1])
    assert torch.equal(front().waveform([(100.0, turned, records[turned])], band), expected)


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


def complex_front() -> SpectrogramFront:
    return SpectrogramFront(
        option("marmara"), StftSettings(), LogScaling(0.01, 1.5, 0.8), companding=COMPANDING
    )


def test_parts_lead_back_to_the_waveform_and_to_log_magnitudes() -> None:
    _, groups, band = mixed()
    whole = complex_front()
    waveform, parts = whole(groups, band)
    assert parts.shape == (9, 6, 129, 63)
    back = whole.inverse(parts, 4001)
    assert ((back - waveform).norm(dim=-1) / waveform.norm(dim=-1)).max().item() < 1e-5
    expected = front().spectrogram(waveform)
    torch.testing.assert_close(whole.log_magnitude(parts), expected, rtol=0, atol=1e-3)
    torch.testing.assert_close(whole.to_db(parts[3]), front().to_db(expected[3]), rtol=0, atol=1e-2)


def test_scaled_log_magnitudes_lead_back_to_a_waveform_of_these_magnitudes() -> None:
    _, groups, band = mixed()
    whole = front()
    waveform, spectrogram = whole(groups, band)
    assert whole.log_magnitude(spectrogram) is spectrogram
    recovered = whole.inverse(spectrogram, 4001)
    assert recovered.shape == waveform.shape
    convergence_db = spectral_convergence_db(recovered, whole.magnitude(waveform), whole.stft)
    assert convergence_db.mean().item() < -20.0
    drawn = torch.Generator().manual_seed(0)
    method = FastGriffinLim()
    other = whole.inverse(spectrogram, 4001, method=method, n_iterations=2, generator=drawn)
    assert not torch.allclose(other, recovered, rtol=0.1)


def test_what_a_model_puts_below_the_floor_is_silent() -> None:
    below = torch.full((1, 3, 129, 63), -50.0)
    assert front().inverse(below, 4001).abs().max() == 0


def test_a_complex_front_is_made_again_and_an_old_checkpoint_has_log_magnitudes(tmp_path: Path) -> None:
    torch.save(complex_front().settings(), tmp_path / "front.pt")
    stored = torch.load(tmp_path / "front.pt", weights_only=True)
    again = SpectrogramFront.from_settings(stored)
    assert again.settings() == complex_front().settings()
    assert again.channels_per_component == 2
    del stored["companding"]
    assert SpectrogramFront.from_settings(stored).channels_per_component == 1


def test_nothing_of_the_front_enters_a_state_dict() -> None:
    whole = front()
    _, groups, band = mixed()
    whole(groups, band)
    assert not whole.state_dict()


def test_a_front_without_scaling_says_so() -> None:
    _, groups, band = mixed()
    with pytest.raises(ConfigurationError, match="no scaling"):
        SpectrogramFront(option("marmara"), StftSettings())(groups, band)
    with pytest.raises(ConfigurationError, match="no scaling"):
        SpectrogramFront(option("marmara"), StftSettings()).inverse(torch.zeros(1, 3, 129, 63), 4001)


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


def test_on_an_accelerator_a_front_is_a_fixed_sequence_of_operations_on_what_lies_there() -> None:
    # What steps can be captured as: nothing that depends on values, nothing brought from the host.
    whole = front().to("meta")
    positions, band = torch.arange(4, device="meta"), torch.zeros(4, dtype=torch.int64, device="meta")
    samples = torch.empty(4, 3, 2001, dtype=torch.int32, device="meta")

    def work(samples: Tensor) -> tuple[Tensor, Tensor]:
        waveform, spectrogram = whole([(100.0, positions, samples, True)], band)
        return waveform, spectrogram

    work(samples)  # designs its filters
    traced = make_fx(work)(samples)
    constants = [getattr(traced, node.target) for node in traced.graph.nodes if node.op == "get_attr"]
    assert {constant.device.type for constant in constants} == {"meta"}
    assert len([node for node in traced.graph.nodes if node.op == "call_function"]) < 60
