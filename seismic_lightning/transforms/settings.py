"""What a user may set about signal processing: plain dataclasses, stored in every checkpoint."""

from dataclasses import dataclass, field
from typing import Any

from seismic_lightning.errors import ConfigurationError

LOG_MAGNITUDE, COMPLEX = KINDS = ("log_magnitude", "complex")


@dataclass(frozen=True)
class PreprocessSettings:
    """Preprocessing of raw samples, in the order it is applied.

    Attributes:
        sampling_rate_hz: Common rate of all records after preprocessing.
        detrend: Remove mean and linear trend.
        taper_fraction: Cosine taper at each end, as a fraction of the record.
        corners: Order of the Butterworth band-pass at each corner.
        zero_phase: Filter forwards and backwards instead of causally.
        dtype: ``float32``, or ``float64`` for reference work.
        magnitude_edges: Ascending edges of the half-open magnitude bins; the first and the last are
            unbounded.
        bands_hz: Passbands ``[low, high]`` of each channel family, one per magnitude bin; ``any`` serves the
            families without a row of their own; an empty table means no filter.
        aliases: Families that use another family's row.
        units: ``counts``: samples as stored; ``sensitivity``: divided by their channel's sensitivity, m/s or
            m/s^2; ``velocity``: the whole instrument response removed, m/s.
    """

    sampling_rate_hz: float = 100.0
    detrend: bool = True
    taper_fraction: float = 0.05
    corners: int = 4
    zero_phase: bool = False
    dtype: str = "float32"
    magnitude_edges: list[float] = field(default_factory=list)
    bands_hz: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    units: str = "counts"


@dataclass(frozen=True)
class StftSettings:
    """Short-time Fourier transform, in the words of ``scipy.signal.stft``.

    Attributes:
        nperseg: Samples of the periodic Hann window.
        noverlap: Samples shared by neighbouring frames.
        nfft: Length of the Fourier transform.
    """

    nperseg: int = 256
    noverlap: int = 192
    nfft: int = 256


@dataclass(frozen=True)
class RepresentationSettings:
    """What of a spectrogram a model sees.

    Attributes:
        kind: ``log_magnitude``: logarithms of magnitudes, ``C`` channels; ``complex``: real and imaginary
            parts of complex amplitudes, compressed, ``2C`` channels.
        exponent: Power that the magnitudes of ``complex`` are raised to, above 0, at most 1.
    """

    kind: str = LOG_MAGNITUDE
    exponent: float = 0.3

    def __post_init__(self) -> None:
        """Refuse unknown kinds and powers that cannot be undone."""
        if self.kind not in KINDS:
            raise ConfigurationError(f"representation.kind={self.kind!r}: give one of {', '.join(KINDS)}")
        check_exponent(self.exponent)


def check_exponent(exponent: float) -> None:
    """Refuse a power that expands or destroys magnitudes instead of compressing them.

    Args:
        exponent: Power that magnitudes are to be raised to.

    Raises:
        ConfigurationError: It is not above 0 and at most 1.
    """
    if not 0 < exponent <= 1:
        raise ConfigurationError(f"representation.exponent={exponent}: give a number above 0, at most 1")
