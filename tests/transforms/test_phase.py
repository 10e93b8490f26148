"""Waveforms from magnitudes: the published iterations step by step, and what comes back of records."""

import os
from pathlib import Path

import numpy as np
import obspy
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, signal
from support.signals import counts, option
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator
from seismic_lightning.transforms._torchaudio import load_transforms
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.phase import (
    FINE_ITERATIONS,
    Admm,
    FastGriffinLim,
    PhaseMethod,
    recover_waveform,
    spectral_convergence_db,
)
from seismic_lightning.transforms.settings import StftSettings
from seismic_lightning.transforms.stft import Stft

N_RECORDS, N_REAL, N_SAMPLES = 16, 16, 4001
METHODS = [Admm(), Admm(rho=0.1, settling=0.0), FastGriffinLim(), FastGriffinLim(alpha=0.0)]


def framed(stft: Stft, spectra: Tensor, n_samples: int, method: PhaseMethod, n_iterations: int) -> Tensor:
    """Run a method from given spectra ``(n, F, T)`` on, frame by frame as it works."""
    frames = stft.frames(n_samples)
    start = spectra.transpose(-1, -2).clone(memory_format=torch.contiguous_format)
    found = method(start, start.abs(), lambda now: frames.analyse(frames.synthesise(now)), n_iterations)
    return frames.record(frames.synthesise(found))


def silent_at_both_ends() -> Tensor:
    waveform = torch.randn(2, 3000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    waveform[:, :600], waveform[:, -600:] = 0.0, 0.0  # torchaudio mirrors a record at its ends
    return waveform


@pytest.mark.parametrize("n_iterations", [1, 2, 9])
@pytest.mark.parametrize("alpha", [0.0, 0.99])
def test_fast_griffin_lim_is_that_of_torchaudio(alpha: float, n_iterations: int) -> None:
    waveform = silent_at_both_ends()
    stft = Stft(StftSettings(), torch.float64)
    magnitude = stft(waveform)
    result = framed(stft, torch.complex(magnitude, 0 * magnitude), 3000, FastGriffinLim(alpha), n_iterations)
    peer = load_transforms().GriffinLim(
        256, n_iterations, hop_length=64, wkwargs={"dtype": torch.float64}, power=1.0, length=3000,
        momentum=alpha, rand_init=False,
    )  # fmt: skip
    torch.testing.assert_close(result, peer(magnitude * 128.0), rtol=0, atol=1e-9)


@pytest.mark.parametrize("rho", [0.1, 1.0])
def test_admm_without_settling_is_the_published_one(rho: float) -> None:
    waveform = torch.randn(2, 3000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    stft = Stft(StftSettings(), torch.float64)
    magnitude = stft(waveform)
    z = stft.complex(waveform.flip(-1))
    z = z / z.abs() * magnitude
    result = framed(stft, z, 3000, Admm(rho, settling=0.0), 6)
    # Step by step with primal, copy and scaled dual variable; ours carries the sum of first and last.
    x, u = z.clone(), torch.zeros_like(z)
    for iteration in range(6):
        if iteration > 0:
            x = torch.polar(magnitude, (z - u).angle())
        v = x + u
        z = (rho * v + stft.complex(stft.inverse(v, 3000))) / (1.0 + rho)
        u = v - z
    x = torch.polar(magnitude, (z - u).angle())
    torch.testing.assert_close(result, stft.inverse(x, 3000), rtol=0, atol=1e-9)


def simulated_records() -> Tensor:
    """Return band-passed records of the default simulator, ``(n, 3, N)``."""
    simulator = Simulator(SimulationSettings(n_records=N_RECORDS, artefacts=False))
    samples = np.concatenate([simulator.block(block).counts for block in range(simulator.n_blocks)])
    groups = [(100.0, torch.arange(N_RECORDS), torch.from_numpy(samples[..., :7001].copy()))]
    return front().waveform(groups, torch.zeros(N_RECORDS, dtype=torch.int64))


def real_records() -> Tensor:
    """Return band-passed broadband records at 100 Hz that are long enough, ``(n, 3, N)``."""
    kept: list[NDArray[np.int32]] = []
    for path in sorted(Path(os.environ["SEISMIC_REAL_DATA"]).glob("records/waveforms/HH/*.mseed")):
        stream = obspy.read(path, format="MSEED")
        whole = [trace for trace in stream if len(trace.data) >= N_SAMPLES and np.ptp(trace.data) > 0]
        if len(stream) == len(whole) == 3 and {trace.stats.sampling_rate for trace in whole} == {100.0}:
            kept.append(np.stack([trace.data[:N_SAMPLES].astype(np.int32) for trace in whole]))
        if len(kept) == N_REAL:
            break
    assert len(kept) == N_REAL
    groups = [(100.0, torch.arange(N_REAL), torch.from_numpy(np.stack(kept)))]
    return front().waveform(groups, torch.zeros(N_REAL, dtype=torch.int64))


def front() -> SpectrogramFront:
    return SpectrogramFront(option("fixed_band"), StftSettings())


def envelope(waveform: Tensor) -> NDArray[np.float64]:
    """Return the magnitude of the analytic signal, smoothed over half a second."""
    analytic = np.abs(signal.hilbert(waveform.double().numpy(), axis=-1))
    return np.asarray(ndimage.uniform_filter1d(analytic, 50, axis=-1))


def assert_fine_recovery(waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    recovered = recover_waveform(stft(waveform), stft, waveform.shape[-1], n_iterations=FINE_ITERATIONS)
    assert spectral_convergence_db(recovered, stft(waveform), stft).mean().item() <= -24.0
    wanted, got = (envelope(each).reshape(-1, each.shape[-1]) for each in (waveform, recovered))
    correlation = [np.corrcoef(one, other)[0, 1] for one, other in zip(wanted, got, strict=True)]
    assert np.mean(correlation) >= 0.99
    peaks = [each.abs().amax((-2, -1)).log10() for each in (waveform, recovered)]
    assert (peaks[1] - peaks[0]).std().item() <= 0.05


def test_simulated_records_come_back() -> None:
    assert_fine_recovery(simulated_records())


@pytest.mark.skipif("SEISMIC_REAL_DATA" not in os.environ, reason="SEISMIC_REAL_DATA names no folder")
def test_real_records_come_back() -> None:
    assert_fine_recovery(real_records())


@pytest.fixture(scope="module")
def waveform() -> Tensor:
    """Return two records with P and S packets, ``(2, 3, N)``."""
    groups = [(100.0, torch.arange(2), torch.from_numpy(counts(2, 100.0, 30.0)))]
    return front().waveform(groups, torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_more_iterations_agree_better(method: PhaseMethod, waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    magnitude = stft(waveform)
    convergence_db = [
        spectral_convergence_db(
            recover_waveform(magnitude, stft, 3001, method=method, n_iterations=n), magnitude, stft
        ).mean()
        for n in (1, 8, 64)
    ]
    assert convergence_db[0] > convergence_db[1] > convergence_db[2]


@pytest.mark.parametrize(
    "settings",
    [(512, 448, 512), (256, 128, 256), (200, 150, 256), (96, 60, 128)],
    ids=str,
)
@pytest.mark.parametrize("n_samples", [3001, 3000, 2943])
def test_every_transform_can_be_recovered(
    settings: tuple[int, int, int], n_samples: int, waveform: Tensor
) -> None:
    stft = Stft(StftSettings(*settings))
    magnitude = stft(waveform[..., :n_samples])
    recovered = recover_waveform(magnitude, stft, n_samples)
    assert recovered.shape == (2, 3, n_samples)
    assert spectral_convergence_db(recovered, magnitude, stft).max().item() < -10.0


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_any_unit_gives_the_same_waveform(method: PhaseMethod, waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    magnitude = stft(waveform)
    recovered = recover_waveform(magnitude, stft, 3001, method=method, n_iterations=8)
    small = recover_waveform(magnitude * 2.0**-60, stft, 3001, method=method, n_iterations=8)
    torch.testing.assert_close(small * 2.0**60, recovered)


def test_a_component_depends_on_nothing_but_itself(waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    many = stft(waveform).repeat(4, 1, 1, 1)  # more than fit one chunk
    recovered = recover_waveform(many, stft, 3001, n_iterations=4)
    torch.testing.assert_close(recovered[7, 2], recover_waveform(many[7, 2], stft, 3001, n_iterations=4))


def test_a_seed_decides_the_first_phases(waveform: Tensor) -> None:
    stft = Stft(StftSettings())

    def once(seed: int) -> Tensor:
        drawn = torch.Generator().manual_seed(seed)
        return recover_waveform(stft(waveform), stft, 3001, n_iterations=2, generator=drawn)

    assert torch.equal(once(1), once(1))
    assert not torch.allclose(once(1), once(2), rtol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_a_waveform_that_lends_its_phases_is_found_again(method: PhaseMethod, waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    found = recover_waveform(stft(waveform), stft, 3001, method=method, n_iterations=6, like=waveform)
    torch.testing.assert_close(found, waveform, atol=1e-4 * float(waveform.abs().max()), rtol=0)
    alone = recover_waveform(stft(waveform), stft, 3001, method=method, n_iterations=6)
    assert not torch.allclose(alone, waveform, atol=0.1 * float(waveform.abs().max()), rtol=0)


def test_magnitudes_are_left_as_they_were_and_silence_stays_silent(waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    magnitude = stft(waveform)
    magnitude[0, 1] = 0.0
    before = magnitude.clone()
    recovered = recover_waveform(magnitude, stft, 3001)
    assert torch.equal(magnitude, before)
    assert recovered[0, 1].abs().max() == 0
    assert recovered.isfinite().all()


def test_double_precision_is_kept(waveform: Tensor) -> None:
    stft = Stft(StftSettings(), torch.float64)
    assert recover_waveform(stft(waveform.double()), stft, 3001, n_iterations=2).dtype == torch.float64


def test_what_does_not_fit_is_refused(waveform: Tensor) -> None:
    stft = Stft(StftSettings())
    magnitude = stft(waveform)
    with pytest.raises(ConfigurationError, match=r"7001 samples .*\(129, 110\), got \(129, 47\)"):
        recover_waveform(magnitude, stft, 7001)
    with pytest.raises(ConfigurationError, match="n_iterations=0"):
        recover_waveform(magnitude, stft, 3001, n_iterations=0)
    sparse = Stft(StftSettings(256, 100, 256))
    with pytest.raises(ConfigurationError, match=r"noverlap=100 .* give 128 or more"):
        recover_waveform(sparse(waveform), sparse, 3001)
    for make in (lambda: Admm(rho=0.0), lambda: Admm(settling=1.0), lambda: FastGriffinLim(-0.1)):
        with pytest.raises(ConfigurationError, match=r"rho=|settling=|alpha="):
            make()
