"""The band table: which passband a record gets, by its channel family and magnitude.

Small earthquakes radiate high frequencies and drown in the microseism below, large ones the reverse; and a
short-period instrument (EH) sees less of the low end than a broadband one (HH). Hence one row per family and
magnitude bin. Bins are half-open ``[low, high)``, the first and the last unbounded; magnitudes are compared
rounded to two decimals, because a catalogue's 1.0 may arrive as 0.9999999.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import USABLE_SHARE_OF_NYQUIST
from seismic_lightning.errors import BandError, ConfigurationError
from seismic_lightning.transforms.settings import PreprocessSettings

ANY_FAMILY = "any"
"""The family whose row serves all families without a row of their own."""


class BandTable:
    """Passbands of all families and magnitude bins, one row each, in the order of the settings."""

    def __init__(self, settings: PreprocessSettings) -> None:
        """Read and check the table.

        Args:
            settings: Preprocessing settings, of which the edges, bands and aliases are used.

        Raises:
            ConfigurationError: The table contradicts itself; the entry is named.
        """
        self._edges = np.asarray(settings.magnitude_edges, dtype=np.float64)
        if np.any(np.diff(self._edges) <= 0):
            raise ConfigurationError(
                f"preprocess.magnitude_edges must ascend, got {settings.magnitude_edges}"
            )
        self._families = {family: index for index, family in enumerate(settings.bands_hz)}
        self._aliases = dict(settings.aliases)
        self.names = [f"{family} {label}" for family in settings.bands_hz for label in self._bin_labels()]
        self.corners_hz = self._read_corners(settings)
        self._check_aliases()

    def __len__(self) -> int:
        """Return the number of rows: families times bins."""
        return len(self.names)

    @property
    def n_bins(self) -> int:
        """Magnitude bins of each family."""
        return len(self._edges) + 1

    def _bin_labels(self) -> Iterator[str]:
        """Yield each bin as a seismologist writes it."""
        edges = [f"{edge:g}" for edge in self._edges]
        if not edges:
            yield "all M"
            return
        yield f"M < {edges[0]}"
        yield from (f"{low} <= M < {high}" for low, high in pairwise(edges))
        yield f"M >= {edges[-1]}"

    def _check_aliases(self) -> None:
        """Refuse an alias to a family without a row."""
        for alias, family in self._aliases.items():
            if self._families and family not in self._families:
                raise ConfigurationError(
                    f"preprocess.aliases.{alias}={family}: the table has no row {family}, "
                    f"only {', '.join(self._families)}"
                )

    def _read_corners(self, settings: PreprocessSettings) -> NDArray[np.float64]:
        """Return ``(rows, 2)`` corners in Hz, after a check of every entry."""
        for family, bands in settings.bands_hz.items():
            if len(bands) != self.n_bins:
                raise ConfigurationError(
                    f"preprocess.bands_hz.{family} needs {self.n_bins} bands [low, high], one per bin "
                    f"({', '.join(self._bin_labels())}), got {len(bands)}"
                )
        entries = [list(band) for bands in settings.bands_hz.values() for band in bands]
        for name, band in zip(self.names, entries, strict=True):
            if len(band) != 2 or not 0 < band[0] < band[1]:
                raise ConfigurationError(f"band {name}: needs corners 0 < low < high in Hz, got {band}")
        return np.asarray(entries, dtype=np.float64).reshape(-1, 2)

    def rows(self, families: Sequence[str], magnitudes: Sequence[float]) -> NDArray[np.int64]:
        """Return the row of each record.

        Args:
            families: Channel family of each record, such as ``HH``.
            magnitudes: Magnitude of each record, in the same order.

        Returns:
            ``(B,)`` rows; zeros where the table is empty.

        Raises:
            BandError: Families without a row or records without a magnitude, counted.
        """
        if not self._families:
            return np.zeros(len(families), dtype=np.int64)
        bins = self._bins(np.asarray(magnitudes, dtype=np.float64))
        row_of_family = {family: self._row_of_family(family) for family in dict.fromkeys(families)}
        lacking = Counter(family for family in families if row_of_family[family] is None)
        if lacking:
            raise BandError(self._lacking_message(lacking))
        first = [row for family in families if (row := row_of_family[family]) is not None]
        return np.asarray(first, dtype=np.int64) + bins

    def _row_of_family(self, family: str) -> int | None:
        """Return the first row of a family: its own, its alias's, or the one for any family."""
        for name in (family, self._aliases.get(family), ANY_FAMILY):
            if name in self._families:
                return self._families[name] * self.n_bins
        return None

    def _bins(self, magnitudes: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the magnitude bin of each record."""
        if not len(self._edges):
            return np.zeros(len(magnitudes), dtype=np.int64)
        unknown = int(np.isnan(magnitudes).sum())
        if unknown:
            raise BandError(
                f"{unknown} of {len(magnitudes)} records have no magnitude, so no bin of the band table; "
                "leave them out or use preprocess=fixed_band"
            )
        return np.searchsorted(self._edges, np.round(magnitudes, 2), side="right").astype(np.int64)

    def _lacking_message(self, lacking: Counter[str]) -> str:
        """Say which families lack a row, how many records that is, and what adds one."""
        counts = ", ".join(f"{family}: {count}" for family, count in sorted(lacking.items()))
        example = min(lacking)
        return (
            f"the band table has no row for the channel families of these records ({counts}); it has "
            f"{', '.join(self._families)}. Add a row of {self.n_bins} band(s) with "
            f"'++preprocess.bands_hz.{example}=[[low,high],...]', use another family's with "
            f"'++preprocess.aliases.{example}={next(iter(self._families))}', or leave them "
            "out with select.families"
        )

    def limit_hz(self, native_rate_hz: float, target_rate_hz: float) -> float:
        """Return the highest usable corner: 0.8 of the lower Nyquist frequency of the two rates."""
        # Rounded to a nanohertz: 0.8 * 12.5 must not miss 10 by a bit.
        return round(USABLE_SHARE_OF_NYQUIST * 0.5 * min(native_rate_hz, target_rate_hz), 9)

    def clipped_hz(self, limit_hz: float) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Clip high corners to a limit.

        Args:
            limit_hz: Highest usable corner.

        Returns:
            ``(rows, 2)`` corners in Hz, ``(rows,)`` true where the high corner was clipped, and ``(rows,)``
            true where nothing is left: the low corner is at or above the limit.
        """
        corners = self.corners_hz.copy()
        clipped = corners[:, 1] > limit_hz
        corners[clipped, 1] = limit_hz
        return corners, clipped, corners[:, 0] >= corners[:, 1]
