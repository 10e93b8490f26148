"""Station metadata as plain rows: where a channel stands, which way it points and how sensitive it is.

StationXML knows epochs: a station may move and a sensor may be exchanged. Every look-up therefore asks for a
SEED identifier and a time. What the file does not say stays None: an azimuth of 0 degrees means north, not
unknown.

References:
    FDSN (2019), StationXML schema 1.2, https://docs.fdsn.org/projects/stationxml.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, SupportsFloat

from seismic_lightning.codes import SeedId, plain_code
from seismic_lightning.errors import ArchiveError

if TYPE_CHECKING:
    from obspy.core.inventory import Channel, Station


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of time in which one channel, or one station, did not change.

    Attributes:
        seed_id: Its codes; location and channel are empty for a station.
        start_ns: First nanosecond since 1970 (UTC), None if open.
        end_ns: Last nanosecond, None if open.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        elevation_m: Metres above sea level.
        azimuth_deg: Degrees clockwise from north, None if unknown.
        dip_deg: Degrees down from the horizontal, None if unknown; a vertical sensor has -90.
        sensitivity: Counts per input unit, None if unknown.
        input_unit: ``mps`` or ``mps2`` for that sensitivity, None if unknown or another.
        n_stages: Stages of its full response; 0 where the file holds none.
        remark: Why the sensitivity that the file states is not used, None if it is, or if there is none.
    """

    seed_id: SeedId
    start_ns: int | None
    end_ns: int | None
    latitude_deg: float
    longitude_deg: float
    elevation_m: float | None
    azimuth_deg: float | None
    dip_deg: float | None
    sensitivity: float | None
    input_unit: str | None
    n_stages: int = 0
    remark: str | None = None

    def covers(self, time_ns: int) -> bool:
        """Tell whether a time lies in this epoch."""
        return (self.start_ns is None or self.start_ns <= time_ns) and (
            self.end_ns is None or time_ns <= self.end_ns
        )


class Inventory:
    """Epochs of many channels and stations, looked up by codes and time."""

    def __init__(self, epochs: Iterable[Epoch]) -> None:
        """Index the epochs by network and station."""
        self._by_station: dict[tuple[str, str], list[Epoch]] = {}
        for epoch in epochs:
            self._by_station.setdefault(epoch.seed_id[:2], []).append(epoch)

    def __len__(self) -> int:
        """Return the number of stations."""
        return len(self._by_station)

    def __iter__(self) -> Iterator[Epoch]:
        """Go through all epochs, station by station."""
        for epochs in self._by_station.values():
            yield from epochs

    def channel(self, seed_id: SeedId, time_ns: int) -> Epoch | None:
        """Find a channel at a time.

        Args:
            seed_id: Codes of the channel.
            time_ns: Nanoseconds since 1970 (UTC).

        Returns:
            Its epoch, or None where the inventory does not list the channel at that time.
        """
        return self._find(seed_id, time_ns)

    def station(self, seed_id: SeedId, time_ns: int) -> Epoch | None:
        """Find the coordinates to use for a channel at a time: its own, else those of its station.

        Args:
            seed_id: Codes of the channel.
            time_ns: Nanoseconds since 1970 (UTC).

        Returns:
            An epoch with coordinates, or None for a station that is unknown at that time.
        """
        return self._find(seed_id, time_ns) or self._find(seed_id._replace(location="", channel=""), time_ns)

    def stations(self, codes: Iterable[str]) -> "Inventory":
        """Return the part that concerns some station codes, small enough to send to another process."""
        wanted = set(codes)
        return Inventory(
            epoch for (_, code), epochs in self._by_station.items() if code in wanted for epoch in epochs
        )

    def _find(self, seed_id: SeedId, time_ns: int) -> Epoch | None:
        epochs = self._by_station.get(seed_id[:2], [])
        return next((epoch for epoch in epochs if epoch.seed_id == seed_id and epoch.covers(time_ns)), None)


def read_stationxml(path: Path) -> Inventory:
    """Read a StationXML file.

    Args:
        path: StationXML file, with or without channels and responses.

    Returns:
        Its stations and channels.

    Raises:
        ArchiveError: The file is not StationXML.
    """
    # Here: ObsPy is slow to import and most commands never read station metadata.
    from obspy import read_inventory

    try:
        content = read_inventory(str(path), format="STATIONXML")
    except Exception as error:  # ObsPy lets parser, type and value errors of any kind through
        message = (
            f"{path} cannot be read as StationXML ({type(error).__name__}: {error}); give StationXML 1.x."
        )
        raise ArchiveError(message) from error
    epochs = []
    for network in content:
        for station in network:
            codes = (plain_code(network.code), station.code)
            epochs.append(_epoch(SeedId(*codes, "", ""), station))
            for channel in station:
                seed_id = SeedId(*codes, plain_code(channel.location_code), channel.code)
                epochs.append(_epoch(seed_id, channel))
    return Inventory(epochs)


def _epoch(seed_id: SeedId, entry: "Station | Channel") -> Epoch:
    response = getattr(entry, "response", None)
    sensitivity = None if response is None else response.instrument_sensitivity
    unit = None if sensitivity is None else unit_of(sensitivity.input_units)
    remark = None
    if sensitivity is not None and not is_counts(sensitivity.output_units):
        output = sensitivity.output_units or "no stated unit"
        unit, remark = None, f"the sensitivity leads to {output}, not to counts"
    value = None if sensitivity is None or unit is None else _number(sensitivity.value)
    return Epoch(
        seed_id=seed_id,
        start_ns=None if entry.start_date is None else int(entry.start_date.ns),
        end_ns=None if entry.end_date is None else int(entry.end_date.ns),
        latitude_deg=float(entry.latitude),
        longitude_deg=float(entry.longitude),
        elevation_m=_number(entry.elevation),
        azimuth_deg=_number(getattr(entry, "azimuth", None)),
        dip_deg=_number(getattr(entry, "dip", None)),
        sensitivity=value,
        input_unit=unit,
        n_stages=0 if response is None else len(response.response_stages),
        remark=remark,
    )


def unit_of(text: str | None) -> str | None:
    """Translate the spellings of StationXML and FDSN text into ours.

    Args:
        text: Unit of ground motion, such as ``m/s**2``.

    Returns:
        ``mps`` or ``mps2``, None for another or none.

    Example:
        >>> unit_of("M/S"), unit_of("m/s**2"), unit_of("Pa")
        ('mps', 'mps2', None)
    """
    plain = (text or "").upper().replace("**", "").replace("^", "").replace("SEC", "S")
    return {"M/S": "mps", "M/S2": "mps2", "M/S/S": "mps2"}.get(plain)


def is_counts(text: str | None) -> bool:
    """Tell whether a unit of StationXML means digitiser counts.

    Args:
        text: Unit of a digitiser's output, such as ``COUNTS``.

    Example:
        >>> is_counts("counts"), is_counts("Count"), is_counts("V"), is_counts(None)
        (True, True, False, False)
    """
    return (text or "").strip().upper() in ("COUNT", "COUNTS", "DIGITAL COUNTS")


def _number(value: SupportsFloat | None) -> float | None:
    return None if value is None else float(value)
