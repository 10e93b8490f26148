"""What a user may set about an acquisition; plain dataclasses without heavy imports."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from seismic_lightning.acquisition.names import is_network
from seismic_lightning.codes import is_family
from seismic_lightning.errors import ConfigurationError

MOST_CONNECTIONS = 4
"""Connections to one host at a time; more than a few are refused by many nodes."""
MOST_WINDOWS = 200
ANY = "*"


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigurationError(message)


@dataclass(frozen=True)
class RegionSettings:
    """Which earthquakes: a box on the map, from a magnitude on.

    Attributes:
        min_latitude_deg: Southern edge, degrees north.
        max_latitude_deg: Northern edge.
        min_longitude_deg: Western edge, degrees east.
        max_longitude_deg: Eastern edge.
        min_magnitude: Smallest magnitude; None takes every event, also one without a magnitude.
    """

    min_latitude_deg: float | None = None
    max_latitude_deg: float | None = None
    min_longitude_deg: float | None = None
    max_longitude_deg: float | None = None
    min_magnitude: float | None = None

    def __post_init__(self) -> None:
        """Refuse a box that is no box; one that is not given yet is refused by ``check``."""
        for axis, limit in (("latitude", 90.0), ("longitude", 180.0)):
            low, high = getattr(self, f"min_{axis}_deg"), getattr(self, f"max_{axis}_deg")
            _require(
                low is None or high is None or -limit <= low < high <= limit,
                f"region.min_{axis}_deg={low}, region.max_{axis}_deg={high}: "
                f"give two numbers within ±{limit:g}, the smaller one first",
            )

    def check(self) -> None:
        """Refuse a region without all four edges.

        Raises:
            ConfigurationError: Naming the edges that lack.
        """
        absent = [name for name in self.edges() if getattr(self, name) is None]
        _require(not absent, f"the region lacks {', '.join(f'region.{name}' for name in absent)}")

    @staticmethod
    def edges() -> tuple[str, ...]:
        """Return the names of the four edges."""
        return "min_latitude_deg", "max_latitude_deg", "min_longitude_deg", "max_longitude_deg"

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Tell whether a place lies in the box."""
        south, north, west, east = (getattr(self, name) for name in self.edges())
        return bool(south <= latitude_deg <= north and west <= longitude_deg <= east)


@dataclass(frozen=True)
class TransferSettings:
    """How to talk to a node: no more than it can bear, and again when it fails.

    Attributes:
        connections: Connections to a host at a time, 1 to 4.
        requests_per_s: Most requests begun per second, all connections together.
        windows_per_request: Windows of one event that are asked for at once.
        timeout_s: Longest silence of a server.
        longest_s: Longest time for one answer, however steadily it trickles.
        tries: Times that a request is sent before it counts as failed.
        backoff_s: Wait before the second try; it doubles with each further one, and varies by half.
        longest_wait_s: Longest wait before a try. Where a server asks for a longer one, the request fails for
            now.
        give_up_after: Requests that fail one after the other, without an answer in between, until the node
            counts as down.
        seed: Seed of the variation of waits.
    """

    connections: int = 4
    requests_per_s: float = 5.0
    windows_per_request: int = 20
    timeout_s: float = 60.0
    longest_s: float = 600.0
    tries: int = 5
    backoff_s: float = 2.0
    longest_wait_s: float = 300.0
    give_up_after: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that no node or no clock can stand."""
        where = "fdsn.transfer"
        most = MOST_CONNECTIONS
        _require(1 <= self.connections <= most, f"{where}.connections={self.connections}: give 1 to {most}")
        _require(
            1 <= self.windows_per_request <= MOST_WINDOWS,
            f"{where}.windows_per_request={self.windows_per_request}: give 1 to {MOST_WINDOWS}",
        )
        for name in ("requests_per_s", "timeout_s", "longest_s"):
            value = getattr(self, name)
            _require(value > 0 and math.isfinite(value), f"{where}.{name}={value}: give a number above 0")
        for name in ("backoff_s", "longest_wait_s", "seed"):
            value = getattr(self, name)
            _require(value >= 0 and math.isfinite(value), f"{where}.{name}={value}: give 0 or more")
        for name in ("tries", "give_up_after"):
            _require(getattr(self, name) >= 1, f"{where}.{name}={getattr(self, name)}: give 1 or more")


@dataclass(frozen=True)
class FdsnSettings:
    """Which waveforms, from which node.

    Attributes:
        node: Address of an FDSN node, or the name that ObsPy has for one, such as ``KOERI``.
        networks: Network codes; ``*`` takes all that the node has.
        families: Channel families.
        station_margin_deg: Stations may lie this far outside the region.
        before_p_s: A window begins this long before P, or at the origin time if that is earlier.
        after_p_s: A window ends this long after P.
        model_within_km: Stations without an analyst's P, up to this epicentral distance, are asked for
            around the P of iasp91; None takes picked stations alone.
        token_variable: Environment variable with the path of an EIDA token; without it data are asked for
            as anybody may.
        transfer: How to talk to the node.
    """

    node: str | None = None
    networks: Any = field(default_factory=lambda: [ANY])
    families: Any = field(default_factory=lambda: ["HH", "BH", "EH", "HN"])
    station_margin_deg: float = 1.0
    before_p_s: float = 10.0
    after_p_s: float = 60.0
    model_within_km: float | None = None
    token_variable: str = "SEISMIC_EIDA_TOKEN"
    transfer: TransferSettings = field(default_factory=TransferSettings)

    def __post_init__(self) -> None:
        """Take a single code as a list of one; refuse what is no code and no window."""
        for name in ("networks", "families"):
            value = getattr(self, name)
            object.__setattr__(self, name, [value] if isinstance(value, str) else list(value))
            _require(len(getattr(self, name)) > 0, f"fdsn.{name} is empty: give at least one code")
        for network in self.networks:
            _require(
                network == ANY or is_network(network),
                f"fdsn.networks has {network!r}: give codes of up to five capitals and digits, or '*'",
            )
        for family in self.families:
            _require(is_family(family), f"fdsn.families has {family!r}: give families such as HH")
        for name in ("station_margin_deg", "before_p_s", "after_p_s"):
            value = getattr(self, name)
            _require(0 <= value < 3600, f"fdsn.{name}={value}: give 0 or more, below 3600")
        _require(
            self.model_within_km is None or self.model_within_km > 0,
            f"fdsn.model_within_km={self.model_within_km}: give kilometres above 0, or null",
        )


@dataclass(frozen=True)
class AcquisitionSettings:
    """Everything that decides what is asked for, beside the catalogue.

    Attributes:
        start: First day or moment (UTC), such as ``2023-01-01``.
        end: First moment that no longer counts.
        region: Which earthquakes.
        fdsn: Which waveforms.
    """

    start: str
    end: str
    region: RegionSettings
    fdsn: FdsnSettings

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins, and a region without edges."""
        self.region.check()
        _require(
            self.start_ns < self.end_ns, f"start={self.start}, end={self.end}: the start must be earlier"
        )

    @property
    def start_ns(self) -> int:
        """Return the start in nanoseconds since 1970 (UTC)."""
        return moment_ns("start", self.start)

    @property
    def end_ns(self) -> int:
        """Return the end in nanoseconds since 1970 (UTC)."""
        return moment_ns("end", self.end)


def moment_ns(name: str, text: str) -> int:
    """Return a day or moment in nanoseconds since 1970 (UTC).

    Args:
        name: What the user calls it, for the message.
        text: ISO 8601; without an offset it is UTC.

    Raises:
        ConfigurationError: The text is no date.

    Example:
        >>> moment_ns("start", "1970-01-02")
        86400000000000
    """
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        message = f"{name}={text!r}: give a date such as 2023-01-01 or 2023-01-01T12:00:00 (UTC)"
        raise ConfigurationError(message) from error
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
