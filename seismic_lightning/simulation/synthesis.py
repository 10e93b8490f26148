"""Records as sums of filtered noise: P, S and the ground's own, in the frequency domain.

White noise times an envelope has the envelope's energy at every frequency; multiplied by a spectrum it has
the spectrum's level and the envelope's shape (the stochastic method). P is nearly the same on all components,
in the proportions of a ray that rises under the surface's angle; S differs from component to component. All
three parts are added as spectra, so one inverse transform makes the record.

References:
    Boore, D. M. (2003), Pure and Applied Geophysics 160, 635-676, doi:10.1007/PL00012553.
    Kilic, T. et al. (2017), Journal of Seismology 21: ratio of horizontal to vertical S of 1.8.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from seismic_lightning.simulation import envelope, noise, source
from seismic_lightning.simulation.instrument import (
    FAMILIES,
    FAMILY_CODES,
    SELF_NOISE_DB,
    SYNTHESIS_RATE_HZ,
    response,
)
from seismic_lightning.simulation.network import Network
from seismic_lightning.simulation.rays import BEFORE_PICK_S, Rays

N_FFT = 7200
"""Samples of a record at 100 Hz; without prime factors above 5."""
DURATION_S = N_FFT / SYNTHESIS_RATE_HZ
P_START_S, P_LENGTH = BEFORE_PICK_S - 0.6, 3600
"""P and its coda lie within this many samples from here."""
SURFACE_P_VELOCITY_KM_S = 2.8
"""Just under the stations; fixes the angle of P there."""
MAX_SINE = 0.95
TRANSVERSE_P = 0.12
"""Share of P that leaves the plane of the ray, to either side."""
P_COMMON, P_INDEPENDENT = 0.89, 0.45
"""Parts of P that components share and do not; their squares add up to 1."""
HORIZONTAL_TO_VERTICAL_S = 1.8
HORIZONTAL_SD_DEX = 0.12
"""Spread of either horizontal component of S, as the radiation pattern has it."""
GENERIC_SITE = 1.6
RECORD_SD_DEX = 0.25
"""Spread of a record's amplitude that neither source nor station explains."""
P_AMPLITUDE = 0.78
"""Level of P against its spectrum; spreads as envelopes do."""
_FLOAT = np.float32


class Motion(NamedTuple):
    """Waveforms before the digitiser.

    Attributes:
        counts: ``(B, 3, N)`` float32, components Z, N, E.
        site_factor: ``(B,)`` amplitude of this record relative to the spectra.
        noise_level_db: ``(B,)`` shift of this record's noise relative to its station's.
    """

    counts: NDArray[np.float32]
    site_factor: NDArray[np.float64]
    noise_level_db: NDArray[np.float64]


class Synthesis:
    """Turns rays into waveforms for one network and one rate."""

    def __init__(self, network: Network, seed: int, rate_hz: float = SYNTHESIS_RATE_HZ) -> None:
        """Tabulate responses and noise.

        Args:
            network: Stations.
            seed: Seed of the bank of normal numbers.
            rate_hz: Sampling rate of the records: 100, or that of BH.
        """
        self.rate_hz = rate_hz
        self.n_samples = round(DURATION_S * rate_hz)
        self._network = network
        self._bank = noise.NormalBank(seed)
        frequency_hz = fft.rfftfreq(N_FFT, 1 / SYNTHESIS_RATE_HZ)
        frequency_hz[0] = frequency_hz[1] / 2  # nothing divides by zero; the mean is removed in the end
        self._frequency_hz = frequency_hz.astype(_FLOAT)
        amplitude = noise.velocity_amplitude(network.noise_db, frequency_hz)
        self._noise = (amplitude * np.sqrt(N_FFT * SYNTHESIS_RATE_HZ) / 2).astype(_FLOAT)
        self._noise_components = noise.component_factor(frequency_hz).astype(_FLOAT)
        self._response = np.stack([response(family, frequency_hz, rate_hz) for family in FAMILY_CODES])
        self._response *= self.n_samples / N_FFT
        self._kind = np.array([FAMILIES[family].kind for family in FAMILY_CODES])
        self._time_s = (np.arange(N_FFT) / SYNTHESIS_RATE_HZ).astype(_FLOAT)

    def kind(self, family: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return 0 for velocity and 1 for acceleration, for places in ``FAMILY_CODES``."""
        return np.asarray(self._kind[family])

    def motion(self, rays: Rays, rng: np.random.Generator) -> Motion:
        """Synthesise records.

        Args:
            rays: What arrives; ``B`` records.
            rng: Generator.

        Returns:
            Waveforms in counts without offset, unclipped.
        """
        n_rays = rays.station.size
        shape = envelope.draw_shape(rays.corner_hz, rays.slant_km, rng)
        record_factor = 10 ** rng.normal(0.0, RECORD_SD_DEX, n_rays)
        site_factor = GENERIC_SITE * self._network.site_factor[rays.station] * record_factor
        spectrum = self._p(rays, shape, site_factor, rng)
        spectrum += self._s(rays, shape, site_factor, rng)
        spectrum = _rotated(spectrum, rays.back_azimuth_deg)
        level_db = rng.normal(noise.RECORD_LEVEL_DB, noise.RECORD_LEVEL_SD_DB, n_rays)
        spectrum += self._ambient(rays.station, level_db, rng)
        return Motion(self._recorded(spectrum, rays, rng), site_factor, level_db)

    def _p(
        self, rays: Rays, shape: envelope.Shape, site_factor: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.complex64]:
        """Return the spectrum of P on Z, R and T."""
        n_rays = rays.station.size
        first = round(P_START_S * SYNTHESIS_RATE_HZ)
        part = slice(first, first + P_LENGTH)
        window = envelope.p_envelope(self._time_s[part] - rays.onset_s.astype(_FLOAT)[:, None], shape)
        carrier = self._bank.draw(rng, n_rays, 4, P_LENGTH)
        carrier[:, :3] *= _FLOAT(P_INDEPENDENT)
        carrier[:, 3] *= _FLOAT(P_COMMON)
        carrier[:, :3] += carrier[:, 3:]
        padded = np.zeros((n_rays, 3, N_FFT), dtype=_FLOAT)
        np.multiply(carrier[:, :3], window[:, None, :], out=padded[:, :, part])
        sine = np.clip(rays.ray_parameter_s_per_km * SURFACE_P_VELOCITY_KM_S, 0.0, MAX_SINE)
        transverse = TRANSVERSE_P * rng.choice([-1.0, 1.0], n_rays)
        shares = np.stack([np.sqrt(1 - sine**2), sine, transverse], axis=1)
        level = P_AMPLITUDE * 10 ** rng.normal(0.0, envelope.JITTER_DEX, n_rays) * site_factor
        return self._filtered(padded, source.P, rays, shares * level[:, None])

    def _s(
        self, rays: Rays, shape: envelope.Shape, site_factor: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.complex64]:
        """Return the spectrum of S on Z, R and T."""
        n_rays = rays.station.size
        onset_s = (rays.onset_s + rays.s_travel_s - rays.p_travel_s).astype(_FLOAT)
        window = envelope.s_envelope(self._time_s - onset_s[:, None], rays.s_travel_s, shape)
        carrier = self._bank.draw(rng, n_rays, 3, N_FFT)
        carrier *= window[:, None, :]
        shares = 10 ** rng.normal(0.0, HORIZONTAL_SD_DEX, (n_rays, 3))
        shares[:, 0] = 1 / HORIZONTAL_TO_VERTICAL_S
        return self._filtered(carrier, source.S, rays, shares * site_factor[:, None])

    def _filtered(
        self, windowed: NDArray[np.float32], phase: source.Phase, rays: Rays, level: NDArray[np.float64]
    ) -> NDArray[np.complex64]:
        """Give windowed noise the spectrum of a phase, times ``(B, 3)`` levels."""
        path = (rays.slant_km, self._network.kappa_s[rays.station])
        amplitude = source.velocity_spectrum_m(
            phase, self._frequency_hz, rays.moment_nm, rays.corner_hz, path
        )
        spectrum: NDArray[np.complex64] = fft.rfft(windowed, axis=-1, overwrite_x=True)
        spectrum *= amplitude[:, None, :] * (level * SYNTHESIS_RATE_HZ).astype(_FLOAT)[:, :, None]
        return spectrum

    def _ambient(
        self, station: NDArray[np.int64], level_db: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.complex64]:
        """Return the spectrum of the ground's noise on Z, N and E."""
        n_bins = self._frequency_hz.size
        numbers = self._bank.draw(rng, station.size, 3, 2 * n_bins).view(np.complex64)
        level = self._noise[station] * (10 ** (level_db / 20)).astype(_FLOAT)[:, None]
        numbers *= level[:, None, :] * self._noise_components
        return numbers

    def _recorded(
        self, spectrum: NDArray[np.complex64], rays: Rays, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Pass ground velocity through the instruments."""
        kind = self.kind(rays.family)
        gain = self._network.gain[rays.station, kind]
        spectrum *= self._response[rays.family][:, None, :]
        spectrum[:, :, 0] = 0.0
        kept = spectrum[:, :, : self.n_samples // 2 + 1]
        counts: NDArray[np.float32] = fft.irfft(kept, n=self.n_samples, axis=-1, overwrite_x=True)
        counts *= gain.astype(_FLOAT)[:, None, None]
        accelerometers = np.flatnonzero(kind == 1)
        own = self._bank.draw(rng, accelerometers.size, 3, self.n_samples)
        self_noise = 10 ** (SELF_NOISE_DB / 20) * np.sqrt(self.rate_hz / 2) * gain[accelerometers]
        own *= self_noise.astype(_FLOAT)[:, None, None]
        counts[accelerometers] += own
        return counts


def _rotated(spectrum: NDArray[np.complex64], back_azimuth_deg: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Turn Z, R, T into Z, N, E in place; R points away from the source."""
    angle = np.deg2rad(back_azimuth_deg)
    cosine, sine = np.cos(angle).astype(_FLOAT)[:, None], np.sin(angle).astype(_FLOAT)[:, None]
    radial, transverse = spectrum[:, 1].copy(), spectrum[:, 2].copy()
    spectrum[:, 1] = sine * transverse - cosine * radial
    spectrum[:, 2] = -sine * radial - cosine * transverse
    return spectrum
