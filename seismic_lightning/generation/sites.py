"""Where a requested station stands, and how many counts its channels make of ground motion.

Stations of the training data are in the checkpoint. Others, and better knowledge of those, come from station
metadata that the user names.
"""

import difflib
import math
from collections.abc import Sequence
from typing import NamedTuple

from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.data.hull import Sensitivity, TrainingHull
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.inventory import Epoch, Inventory

N_NEAREST = 5
"""Names that an error offers."""


class Site(NamedTuple):
    """A station.

    Attributes:
        network: Network code.
        code: Station code.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        elevation_m: Above sea level; NaN is unknown.
        known: Whether training saw it.
        sensitivity: Of the channels that are asked for; None is unknown.
    """

    network: str
    code: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    known: bool
    sensitivity: Sensitivity | None


class Sites:
    """All stations that can be asked for."""

    def __init__(
        self, conditions: ConditionScaling, hull: TrainingHull | None, inventory: Inventory | None = None
    ) -> None:
        """Gather them.

        Args:
            conditions: The station vocabulary.
            hull: Knows sensitivities; None knows none.
            inventory: Station metadata that the user names; they count more than the checkpoint.
        """
        self._vocabulary = set(conditions.stations)
        self._places = dict(zip(conditions.stations, conditions.places, strict=False))
        known = () if hull is None else hull.sensitivities
        self._sensitivities = {(found.station, found.family): found for found in known}
        self._epochs: dict[str, list[Epoch]] = {}
        for epoch in inventory or ():
            self._epochs.setdefault(f"{epoch.seed_id.network}.{epoch.seed_id.station}", []).append(epoch)

    def find(self, name: str, family: str, time_ns: int) -> Site:
        """Find a station.

        Args:
            name: ``STA`` or ``NET.STA``.
            family: Channel family whose sensitivity is wanted.
            time_ns: When, nanoseconds since 1970 (UTC); metadata that do not reach there serve as well.

        Raises:
            ConfigurationError: Nobody knows the station or where it stands, or several have its code.
        """
        full = self._full_name(name)
        network, _, code = full.partition(".")
        sensitivity = self._sensitivities.get((full, family))
        known = full in self._vocabulary
        if full in self._epochs:
            epoch = _at(self._epochs[full], time_ns)
            elevation_m = math.nan if epoch.elevation_m is None else epoch.elevation_m
            place = (epoch.latitude_deg, epoch.longitude_deg, elevation_m)
            sensitivity = _sensitivity(full, family, self._epochs[full], time_ns) or sensitivity
            return Site(network, code, *place, known, sensitivity)
        place = self._places.get(full, (math.nan, math.nan, math.nan))
        if not (math.isfinite(place[0]) and math.isfinite(place[1])):
            raise ConfigurationError(
                f"station={name}: the checkpoint knows {full} but not where it stands; give stations=<file "
                "of station metadata> with its coordinates"
            )
        return Site(network, code, *place, known, sensitivity)

    def _full_name(self, name: str) -> str:
        names = sorted(self._vocabulary | set(self._epochs))
        found = [full for full in names if name in (full, full.partition(".")[2])]
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigurationError(f"station={name}: could be {' or '.join(found)}; name one of them")
        codes = {code: full for full in names for code in (full.partition(".")[2], full)}
        near = difflib.get_close_matches(name.upper(), codes, n=N_NEAREST, cutoff=0.0)
        nearest = ", ".join(dict.fromkeys(codes[code] for code in near)) or "none"
        raise ConfigurationError(
            f"station={name}: no station of the training data, nor of station metadata given with stations=; "
            f"nearest names: {nearest}"
        )


def _at(epochs: Sequence[Epoch], time_ns: int) -> Epoch:
    """Return the first epoch that covers a time, or else the latest."""
    covering = (epoch for epoch in epochs if epoch.covers(time_ns))
    return next(covering, max(epochs, key=lambda epoch: epoch.start_ns or 0))


def _sensitivity(name: str, family: str, epochs: Sequence[Epoch], time_ns: int) -> Sensitivity | None:
    """Return the sensitivity of a station's channels of a family, where its metadata tell it."""
    stated = [
        epoch
        for epoch in epochs
        if epoch.seed_id.channel[:2] == family and epoch.sensitivity and epoch.input_unit
    ]
    if not stated:
        return None
    epoch = _at(stated, time_ns)
    return Sensitivity(name, family, float(epoch.sensitivity or 0.0), str(epoch.input_unit))
