"""Which seconds around P the two signal-to-noise ratios compare; plain numbers, readable by any command."""

from typing import NamedTuple


class SnrWindows(NamedTuple):
    """Noise and signal of one definition, each from its start to its stop.

    Attributes:
        noise_s: Seconds from P, negative before it.
        signal_s: Seconds from P.
    """

    noise_s: tuple[float, float]
    signal_s: tuple[float, float]


LEGACY_LENGTH_S = 1.0
"""Length of either window of the ``legacy`` definition, whose spectra need as many samples each."""
SNR_WINDOWS = {
    "legacy": SnrWindows(noise_s=(-LEGACY_LENGTH_S, 0.0), signal_s=(0.0, LEGACY_LENGTH_S)),
    "rms": SnrWindows(noise_s=(-5.0, -0.5), signal_s=(0.0, 5.0)),
}
"""Windows by the definition's name."""
