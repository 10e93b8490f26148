"""Where a requested station stands, and how many counts its channels make of ground motion.

Stations of the training data are in the checkpoint. Others, and better knowledge of those, come from station
metadata that the user names.
"""

import difflib
import math
from collections.abc import Sequence
from typing import NamedTuple

from seismic_lightning.codes import COMPONENTS
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
        remark: Why a sensitivity that station metadata state is not used; None where it is, or none is.
    """

    network: str
    code: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    known: bool
    sensitivity: Sensitivity | None
    remark: str | None = None


class Sites:
    """All stations that can be asked for."""

    def __init__(
        self,
        conditions: ConditionScaling,
        hull: TrainingHull | None,
        inventory: Inventory | None = None,
        components: str = COMPONENTS,
    ) -> None:
        """Gather them.

        Args:
            conditions: The station vocabulary.
            hull: Knows sensitivities; None knows none.
            inventory: Station metadata that the user names; they count more than the checkpoint.
            components: Those that are asked for; one sensitivity has to hold for all.
        """
        self._components = components
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
        full = self.full_name(name)
        network, _, code = full.partition(".")
        sensitivity = self._sensitivities.get((full, family))
        known = full in self._vocabulary
        if full in self._epochs:
            epoch = _at(self._epochs[full], time_ns)
            elevation_m = math.nan if epoch.elevation_m is None else epoch.elevation_m
            place = (epoch.latitude_deg, epoch.longitude_deg, elevation_m)
            sensors = [sensor for sensor in self._epochs[full] if self._is_asked_for(sensor, family)]
            stated, remark = _stated(full, family, sensors, time_ns)
            return Site(network, code, *place, known, None if remark else stated or sensitivity, remark)
        place = self._places.get(full, (math.nan, math.nan, math.nan))
        if not (math.isfinite(place[0]) and math.isfinite(place[1])):
            raise ConfigurationError(
                f"station={name}: the checkpoint knows {full} but not where it stands; give stations=<file "
                "of station metadata> with its coordinates"
            )
        return Site(network, code, *place, known, sensitivity)

    def _is_asked_for(self, epoch: Epoch, family: str) -> bool:
        """Tell whether a channel is of a family and of the components; any but Z is a horizontal."""
        channel = epoch.seed_id.channel
        wanted = {"Z"} if channel[2:] == "Z" else set(COMPONENTS) - {"Z"}
        return channel[:2] == family and not wanted.isdisjoint(self._components)

    def full_name(self, name: str) -> str:
        """Return ``NET.STA`` of a station.

        Args:
            name: ``STA`` or ``NET.STA``, in capitals or not.

        Raises:
            ConfigurationError: Nobody knows the station, or several have its code.
        """
        names = sorted(self._vocabulary | set(self._epochs))
        exact = [full for full in names if name in (full, full.partition(".")[2])]
        alike = [full for full in names if name.upper() in (full.upper(), full.partition(".")[2].upper())]
        found = exact or alike
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


def _stated(
    name: str, family: str, epochs: Sequence[Epoch], time_ns: int
) -> tuple[Sensitivity | None, str | None]:
    """Return the sensitivity that all components of a sensor share, or why there is none to be used.

    A negative one keeps its sign: it tells that the channel is wired the other way round.

    Args:
        name: ``NET.STA``.
        family: Channel family.
        epochs: All epochs of all its components.
        time_ns: When, nanoseconds since 1970 (UTC).
    """
    channels: dict[str, list[Epoch]] = {}
    for epoch in epochs:
        channels.setdefault(f"{epoch.seed_id.location}.{epoch.seed_id.channel}".lstrip("."), []).append(epoch)
    there = {channel for channel, own in channels.items() if any(epoch.covers(time_ns) for epoch in own)}
    at_time = {
        channel: _at(own, time_ns) for channel, own in channels.items() if channel in (there or channels)
    }
    found = {channel: (epoch.sensitivity, epoch.input_unit) for channel, epoch in at_time.items()}
    if all(value is None for value, _ in found.values()):
        return None, None
    described = ", ".join(
        f"{channel} {'unknown' if value is None else f'{value:g} per {unit}'}"
        for channel, (value, unit) in sorted(found.items())
    )
    if len(set(found.values())) > 1:
        return None, f"the components of stations= differ, and one figure has to hold for all: {described}"
    value, unit = next(iter(found.values()))
    if not value or unit is None or not math.isfinite(value):
        return None, f"stations= states what no instrument has: {described}"
    return Sensitivity(name, family, float(value), unit), None
