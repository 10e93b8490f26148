"""The short-time Fourier transform against SciPy's, frame by frame."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy import signal
from support.signals import counts

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms import _torchaudio
from seismic_lightning.transforms.settings import StftSettings
from seismic_lightning.transforms.stft import Stft

SETTINGS = [
    StftSettings(),
    StftSettings(512, 448, 512),
    StftSettings(256, 128, 256),
    StftSettings(200, 150, 256),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("n_samples", [7001, 7000, 4001])
def test_magnitudes_are_those_of_scipy(settings: StftSettings, n_samples: int) -> None:
    waveform = counts(2, 100.0)[..., :n_samples].astype(np.float32)
    waveform -= waveform.mean(-1, keepdims=True)
    stft = Stft(settings)
    result = stft(torch.from_numpy(waveform)).numpy()
    _, _, spectra = signal.stft(
        waveform.astype(np.float64), nperseg=settings.nperseg, noverlap=settings.noverlap, nfft=settings.nfft
    )
    n_common = min(result.shape[-1], spectra.shape[-1])
    assert n_common >= stft.n_frames(n_samples) - 1
    assert result.shape[-2:] == (stft.n_freqs, stft.n_frames(n_samples))
    if settings.nperseg == settings.nfft:  # a shorter window sits elsewhere in the two programs' frames
        expected = np.abs(spectra[..., :n_common])
        error = np.linalg.norm(result[..., :n_common] - expected) / np.linalg.norm(expected)
        assert error <= 2e-7


def test_double_precision_is_exact() -> None:
    waveform = np.random.default_rng(0).normal(size=(1, 3, 2000))
    result = Stft(StftSettings(), torch.float64)(torch.from_numpy(waveform)).numpy()
    expected = np.abs(signal.stft(waveform, nperseg=256, noverlap=192)[2][..., : result.shape[-1]])
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14)


def test_the_phases_lead_back_to_the_waveform() -> None:
    waveform = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 6400)))
    stft = Stft(StftSettings(), torch.float64)
    window = torch.hann_window(256, dtype=torch.float64)
    result = torch.istft(stft.complex(waveform) * window.sum(), 256, 64, window=window, length=6400)
    torch.testing.assert_close(result, waveform, rtol=0, atol=1e-12)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("n_samples", [7001, 6400, 300])
def test_the_inverse_is_exact_in_single_precision(settings: StftSettings, n_samples: int) -> None:
    waveform = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, n_samples)).astype(np.float32))
    stft = Stft(settings)
    result = stft.inverse(stft.complex(waveform), n_samples)
    assert result.shape == waveform.shape
    assert ((result - waveform).norm() / waveform.norm()).item() < 1e-5


def test_the_inverse_of_an_inconsistent_spectrogram_is_that_of_torch() -> None:
    stft = Stft(StftSettings(), torch.float64)
    spectrum = torch.randn(2, 129, 101, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    window = torch.hann_window(256, dtype=torch.float64)
    expected = torch.istft(spectrum * window.sum(), 256, 64, window=window, length=6400)
    torch.testing.assert_close(stft.inverse(spectrum, 6400), expected, rtol=0, atol=1e-10)


def test_an_inverse_of_another_length_is_refused() -> None:
    stft = Stft(StftSettings())
    with pytest.raises(ConfigurationError, match=r"7001 samples .*\(129, 110\), got \(129, 32\)"):
        stft.inverse(stft.complex(torch.zeros(2001)), 7001)


def test_a_sine_comes_out_at_half_its_amplitude() -> None:
    time_s = torch.arange(7001) / 100.0
    stft = Stft(StftSettings())
    frequencies_hz = stft.frequencies_hz(100.0)
    place = 32
    magnitude = stft(6.0 * torch.sin(2 * torch.pi * frequencies_hz[place].float() * time_s))
    assert magnitude[place, 50].item() == pytest.approx(3.0, rel=1e-4)
    assert frequencies_hz[-1] == 50.0
    assert stft.times_s(100.0, 110)[-1].item() == pytest.approx(69.76)


def test_silence_has_magnitude_zero_and_no_window_is_stored() -> None:
    stft = Stft(StftSettings())
    assert stft(torch.zeros(1, 3, 500)).abs().max() == 0
    assert not stft.state_dict()


@pytest.mark.parametrize("lengths", [(256, 256, 256), (256, -1, 256), (256, 192, 128)])
def test_lengths_that_do_not_fit_are_refused(lengths: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigurationError, match="nperseg=256"):
        Stft(StftSettings(*lengths))


def test_torchaudio_works_without_its_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[str] = []
    transforms = ModuleType("torchaudio.transforms")

    def import_module(name: str) -> ModuleType:
        attempts.append(name)
        if len(attempts) == 1:
            raise OSError("libc10_cuda.so: cannot open shared object file")
        return transforms

    monkeypatch.setitem(sys.modules, "torchaudio._extension", None)
    monkeypatch.setattr("importlib.import_module", import_module)
    assert _torchaudio.load_transforms() is transforms
    extension = sys.modules["torchaudio._extension"]
    assert not extension._IS_TORCHAUDIO_EXT_AVAILABLE
    assert extension.fail_if_no_align(len) is len


def test_an_accelerators_magnitudes_are_those_of_a_processor() -> None:
    stft = Stft(StftSettings())
    waveform = torch.from_numpy(np.random.default_rng(0).normal(0, 1e4, (2, 3, 2001)).astype(np.float32))
    torch.testing.assert_close(stft.complex(waveform).abs(), stft(waveform), rtol=1e-6, atol=0)
    assert Stft(StftSettings()).to("meta")(waveform.to("meta")).shape == stft(waveform).shape
