"""What spectra of waveforms tell of answers, as columns of the error budget."""

from typing import NamedTuple

import numpy as np

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation import spectra
from seismic_lightning.evaluation.columns import known_mean, means
from seismic_lightning.evaluation.fourier import (
    BANDS_HZ,
    Bands,
    band_centres_hz,
    band_means,
    fas_features,
    smoothed_spectrum,
)
from seismic_lightning.evaluation.frechet import diagonal_distance
from seismic_lightning.evaluation.measure import (
    Array,
    Column,
    Described,
    Measure,
    PairedMeasure,
    Records,
    Samples,
    SetMeasure,
)
from seismic_lightning.evaluation.noise import SETTLED_S, SignalAndNoise, signal_and_noise, stand_out


def waveform_measures(
    rate_hz: float, bands_hz: Bands = BANDS_HZ, *, settled_s: float = SETTLED_S
) -> list[Measure]:
    """Return the distance at several resolutions and what Fourier amplitude spectra tell.

    Residuals of Fourier amplitudes count where answer and real record stand out of their noise, if P is
    known; the choice is the same for either, so that two draws of one law have no bias.

    Args:
        rate_hz: Sampling rate of all waveforms.
        bands_hz: Bands of the residuals; all of them together for the Fréchet distance.
        settled_s: Where noise begins: past the taper that records were given.
    """

    def resolutions(answer: Records, real: Records) -> Array:
        return spectra.multi_resolution_distance_dex(_waveform(answer), _waveform(real))[:, None]

    def features(records: Records) -> Array:
        return fas_features(_waveform(records), rate_hz, bands_hz)

    needs = ("waveform",)
    bands = tuple(Column(band_name(band), "dex", "zero") for band in bands_hz)
    multi = (Column("multi-resolution distance", "dex", "low"),)
    frechet = (Column("log-FAS Fréchet distance", "dex²", "low", of_request=False),)
    residual = _BandResidual(rate_hz, bands_hz, settled_s)
    return [
        PairedMeasure(multi, needs, resolutions, means),
        PairedMeasure(bands, needs, residual, lambda numbers, _: known_mean(numbers, axis=0), np.isfinite),
        SetMeasure(frechet, needs, features, lambda one, other: np.array([diagonal_distance(one, other)])),
    ]


def band_name(band_hz: tuple[float, float]) -> str:
    """Return the name of the column of a band.

    Args:
        band_hz: Its low and high end.
    """
    return f"FAS {band_hz[0]:g}-{band_hz[1]:g} Hz bias"


class _Spectra(NamedTuple):
    """Smoothed spectra of whole records, and of their parts where P is known."""

    log_amplitude: Array
    parts: SignalAndNoise | None


class _BandResidual:
    """By how much the spectra of answers exceed those of real records, in bands."""

    def __init__(self, rate_hz: float, bands_hz: Bands, settled_s: float) -> None:
        self._rate_hz, self._bands_hz, self._settled_s = rate_hz, bands_hz, settled_s
        self._centre_hz = band_centres_hz(bands_hz)
        self._of_real = Described(lambda real: self._spectra(real, real.p_s))

    def __call__(self, answer: Records, real: Records) -> Array:
        """Return ``(B, bands)`` residuals in dex, mean over components; NaN where nothing counts."""
        of_answer, of_real = self._spectra(answer, real.p_s), self._of_real(real)
        usable = None
        if of_answer.parts is not None and of_real.parts is not None:
            usable = stand_out(of_answer.parts, of_real.parts)
        residual = of_answer.log_amplitude - of_real.log_amplitude
        return known_mean(band_means(residual, self._bands_hz, usable=usable), axis=1)

    def _spectra(self, records: Records, p_s: Array | None) -> _Spectra:
        waveform, rate_hz, centre_hz = _waveform(records), self._rate_hz, self._centre_hz
        whole = smoothed_spectrum(waveform, rate_hz, centre_hz).log_amplitude
        if p_s is None:
            return _Spectra(whole, None)
        parts = signal_and_noise(waveform, rate_hz, p_s, centre_hz, settled_s=self._settled_s)
        return _Spectra(whole, parts)


def _waveform(records: Records) -> Samples:
    """Return a part that the measure's needs promise."""
    if records.waveform is None:
        raise EvaluationError("a measure of waveforms was given records without any")
    return records.waveform
