"""What the figures of an evaluation are drawn from, row by row."""

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.evaluation.fourier import bands_below, centres_hz, smoothed_spectrum
from seismic_lightning.evaluation.ground import COUNTS
from seismic_lightning.evaluation.measure import Records
from seismic_lightning.evaluation.result import Curves
from seismic_lightning.evaluation.seismogram import COLUMNS, LEVELS
from seismic_lightning.evaluation.seismogram_columns import CLEAR_S
from seismic_lightning.records.levels import LEVEL_WINDOWS_S


class CurveMaker:
    """Gathers curves while rows come and go."""

    def __init__(self, rate_hz: float, unit: str) -> None:
        """Start without rows.

        Args:
            rate_hz: Sampling rate of all waveforms.
            unit: Theirs.
        """
        bands = bands_below(rate_hz)
        self._rate_hz, self._unit = rate_hz, unit
        self._frequency_hz = centres_hz(bands[0][0], bands[-1][1])
        self._fas: dict[str, NDArray[np.float64]] = {}
        self._levels: dict[str, NDArray[np.float64]] = {}
        self._magnitudes: dict[str, NDArray[np.float64]] = {}

    def add(self, name: str, records: Records) -> None:
        """Take what is to be drawn from a row.

        Args:
            name: Of the row.
            records: Its records, measured.
        """
        if records.waveform is None:
            return
        spectra = smoothed_spectrum(records.waveform, self._rate_hz, self._frequency_hz)
        self._fas[name] = np.asarray(spectra.log_amplitude.mean(axis=(0, 1)))
        table = records.seismogram
        if table is None:
            return
        clear = table[table[:, COLUMNS.index("s_over_noise")] > CLEAR_S]
        first = COLUMNS.index(LEVELS[0])
        self._levels[name] = np.array([_median(part) for part in clear[:, first : first + len(LEVELS)].T])
        if records.magnitude is not None and self._unit != COUNTS:
            read = table[:, COLUMNS.index("magnitude")]
            known = np.isfinite(read)
            self._magnitudes[name] = np.stack([records.magnitude[known], read[known]], axis=1)

    def curves(self) -> Curves:
        """Return what was gathered."""
        parts = tuple(LEVEL_WINDOWS_S)
        return Curves(self._frequency_hz, self._fas, parts, self._levels, self._magnitudes)


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
