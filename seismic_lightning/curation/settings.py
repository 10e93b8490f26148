"""What a user may set about curation; plain dataclasses without heavy imports, readable by any command.

The signal-to-noise ratio and the gap are thresholded in definitions of their own. Their legacy pair
reproduces the original practice, whose gap counts a single exact zero, or a single sample missing at an end,
against a record. A quiet trace without offset is full of healthy zeros, so the default gap counts only
samples that were not recorded.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from seismic_lightning.codes import COMPONENT_SETS, COMPONENTS, is_family
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.records.snr_windows import SNR_WINDOWS

SNR_DEFINITIONS = tuple(SNR_WINDOWS)
GAP_DEFINITIONS = ("recorded", "legacy")
ORIENTATIONS = ("strict", "as_is")
UNITS = ("counts", "mps", "mps2")
BACKENDS = ("loky", "dask")
ALL_FAMILIES = "all"
EVENTS_LAYOUT, SDS_LAYOUT, CONTINUOUS_LAYOUT = LAYOUTS = ("events", "sds", "continuous")
LONGEST_WINDOW_S = 3600.0


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigurationError(message)


@dataclass(frozen=True)
class WindowSettings:
    """The part of a recording that becomes a record, measured from the P onset.

    Attributes:
        before_p_s: Seconds kept before the P onset.
        length_s: Seconds from the first to the last sample: ``round(length_s * rate) + 1`` samples.
    """

    before_p_s: float = 10.0
    length_s: float = 70.0

    def __post_init__(self) -> None:
        """Refuse a window that does not contain the onset."""
        _require(
            0.0 <= self.before_p_s < self.length_s <= LONGEST_WINDOW_S,
            f"window.before_p_s={self.before_p_s}, window.length_s={self.length_s}: "
            f"give 0 <= before_p_s < length_s <= {LONGEST_WINDOW_S:g}",
        )


@dataclass(frozen=True)
class SelectionSettings:
    """Which measured records enter the dataset.

    Attributes:
        snr: Ratio that is thresholded: ``legacy`` (one-second spectra) or ``rms`` (band-passed amplitudes).
        min_snr: A record needs a component above this amplitude ratio.
        gap: Gap that is thresholded: ``recorded`` counts samples that were not recorded and tolerates two at
            either end; ``legacy`` also counts exact zeros and tolerates none.
        max_gap: Largest gap a component may have, as a fraction of the window.
        max_flat_s: Longest stretch of equal samples a component may have, seconds, clipped or not; None for
            any.
        families: Channel families to keep, a list or a single one; ``all`` keeps every family.
        unit: ``counts``, ``mps``, ``mps2``, or None for the most frequent unit of the archive.
    """

    snr: str = "legacy"
    min_snr: float = 1.5
    gap: str = "recorded"
    max_gap: float = 0.0
    max_flat_s: float | None = 0.5
    families: Any = field(default_factory=lambda: ["HH", "BH", "EH"])
    unit: str | None = None

    def __post_init__(self) -> None:
        """Take a single family as a list of one; refuse unknown words and impossible thresholds."""
        families = [self.families] if isinstance(self.families, str) else list(self.families)
        object.__setattr__(self, "families", families)
        _require(
            self.snr in SNR_DEFINITIONS, f"select.snr={self.snr!r}: give one of {', '.join(SNR_DEFINITIONS)}"
        )
        _require(
            self.gap in GAP_DEFINITIONS, f"select.gap={self.gap!r}: give one of {', '.join(GAP_DEFINITIONS)}"
        )
        _require(not math.isnan(self.min_snr), "select.min_snr=nan: give a number, such as 1.5")
        _require(
            0.0 <= self.max_gap <= 1.0, f"select.max_gap={self.max_gap}: give a fraction between 0 and 1"
        )
        _require(
            self.max_flat_s is None or self.max_flat_s >= 0.0,
            f"select.max_flat_s={self.max_flat_s}: give seconds, such as 0.5, or null to keep all",
        )
        units = ", ".join(UNITS)
        _require(
            self.unit is None or self.unit in UNITS,
            f"select.unit={self.unit!r}: give one of {units}, or null",
        )
        _require(len(self.families) > 0, "select.families is empty: give families such as [HH, BH], or all")
        for family in self.families:
            _require(
                family == ALL_FAMILIES or is_family(family),
                f"select.families has {family!r}: give two capitals or digits such as HH, or all",
            )

    def keeps_family(self, family: str) -> bool:
        """Tell whether records of a family may enter."""
        return ALL_FAMILIES in self.families or family in self.families


@dataclass(frozen=True)
class SplitSettings:
    """Shares of events, not of records, in the three splits; the rest are training events.

    Attributes:
        val_fraction: Share of events in the validation split.
        test_fraction: Share of events in the test split.
        seed: Seed of the shuffle.
    """

    val_fraction: float = 0.1
    test_fraction: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing to train on."""
        _require(
            self.val_fraction > 0.0
            and self.test_fraction > 0.0
            and self.val_fraction + self.test_fraction < 1.0,
            f"split.val_fraction={self.val_fraction}, split.test_fraction={self.test_fraction}: "
            "give two fractions above 0 whose sum is below 1",
        )
        _require(self.seed >= 0, f"split.seed={self.seed}: give 0 or a positive whole number")


@dataclass(frozen=True)
class ParallelSettings:
    """What runs the processes that measure; the dataset does not depend on it.

    Attributes:
        backend: ``loky`` (processes of this machine) or ``dask`` (workers of a Dask cluster).
        scheduler_address: Dask's scheduler, such as ``tcp://10.0.0.1:8786``; None for workers here.
    """

    backend: str = "loky"
    scheduler_address: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown backend, and a scheduler that nothing would use."""
        words = ", ".join(BACKENDS)
        _require(self.backend in BACKENDS, f"parallel.backend={self.backend!r}: give one of {words}")
        _require(
            self.backend == "dask" or self.scheduler_address is None,
            f"parallel.scheduler_address={self.scheduler_address} needs parallel=dask",
        )


@dataclass(frozen=True)
class CurationSettings:
    """Everything that decides what a dataset contains, beside the archive itself.

    Attributes:
        orientation: ``strict`` rotates or rejects horizontals of unknown azimuth; ``as_is`` takes them in
            order.
        window: The part of a recording around P.
        select: Which measured records enter.
        split: Shares of events.
        components: ``ZNE``, or ``Z`` for records of the vertical alone.
        catalogue_format: How catalogue and bulletins are read.
        network: Network code of stations whose metadata give none, such as ``KO``.
    """

    orientation: str = "strict"
    window: WindowSettings = field(default_factory=WindowSettings)
    select: SelectionSettings = field(default_factory=SelectionSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    components: str = COMPONENTS
    catalogue_format: CatalogueSettings = field(default_factory=CatalogueSettings)
    network: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown orientation, and a window without room for the ratio that is thresholded."""
        words = ", ".join(ORIENTATIONS)
        _require(self.orientation in ORIENTATIONS, f"orientation={self.orientation!r}: give one of {words}")
        _require(
            self.components in COMPONENT_SETS,
            f"components={self.components!r}: give one of {', '.join(COMPONENT_SETS)}",
        )
        noise, signal = SNR_WINDOWS[self.select.snr]
        noise_s, signal_s = -noise[0], signal[1]
        _require(
            self.window.before_p_s >= noise_s and self.window.length_s - self.window.before_p_s >= signal_s,
            f"select.snr={self.select.snr} needs {noise_s:g} s before P and {signal_s:g} s after it: "
            f"window.before_p_s={self.window.before_p_s}, window.length_s={self.window.length_s} has less",
        )
