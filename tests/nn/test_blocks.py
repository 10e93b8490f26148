import pytest
import torch

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.blocks import Down, PaddedGrid, Up
from seismic_lightning.nn.decoder import Decoder
from seismic_lightning.nn.encoder import Encoder

SIZES = [(129, 110), (129, 63), (33, 17), (32, 16), (1, 1)]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("n_freqs", "n_frames"), SIZES)
def test_cropping_undoes_padding(n_freqs: int, n_frames: int) -> None:
    grid = PaddedGrid(n_freqs, n_frames, halvings=4)
    spectrogram = torch.randn(2, 3, n_freqs, n_frames)
    padded = grid.pad(spectrogram)
    assert padded.shape[-2:] == grid.padded_shape
    assert all(size % 16 == 0 for size in grid.padded_shape)
    assert torch.equal(grid.crop(padded), spectrogram)
    torch.testing.assert_close(padded.sum(), spectrogram.sum())  # what was added is zero


def test_pads_lie_at_high_frequencies_and_late_times() -> None:
    padded = PaddedGrid(5, 3, halvings=3).pad(torch.ones(1, 3, 5, 3))
    assert padded[..., :5, :3].min() == 1
    assert padded[..., 5:, :].abs().max() == 0
    assert padded[..., 3:].abs().max() == 0


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"129 frequency bins x 0 frames.*length_s"):
        PaddedGrid(129, 0, halvings=4)


def test_another_size_than_built_for_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 3, 33, 18\).*\(B, C, 33, 17\)"):
        PaddedGrid(33, 17, halvings=4).pad(torch.zeros(1, 3, 33, 18))


def test_up_mirrors_down() -> None:
    spectrogram = torch.randn(2, 3, 16, 8)
    assert Down(3, 5)(spectrogram).shape == (2, 5, 8, 4)
    assert Up(5, 3)(Down(3, 5)(spectrogram)).shape == spectrogram.shape


def test_up_covers_every_output_equally_often() -> None:
    up = Up(1, 1)
    convolution = up[0]
    assert isinstance(convolution, torch.nn.ConvTranspose2d)
    torch.nn.init.ones_(convolution.weight)
    inner = convolution(torch.ones(1, 1, 8, 8))[..., 2:-2, 2:-2]
    assert inner.min() == inner.max()


def test_encoder_and_decoder_keep_channels_last() -> None:
    grid = PaddedGrid(33, 17, halvings=2)
    features = Encoder(grid, [4, 8])(torch.randn(2, 3, 33, 17))
    assert features.shape == (2, 8, *grid.latent_shape)
    assert features.is_contiguous(memory_format=torch.channels_last)
    decoder = Decoder(grid, [4, 8])
    assert all(
        weight.is_contiguous(memory_format=torch.channels_last)
        for weight in decoder.parameters()
        if weight.ndim == 4
    )
    assert decoder(features).shape == (2, 3, 33, 17)


def test_the_decoder_can_go_below_zero() -> None:
    grid = PaddedGrid(33, 17, halvings=2)
    assert Decoder(grid, [4, 8])(torch.randn(2, 8, *grid.latent_shape)).min() < 0
