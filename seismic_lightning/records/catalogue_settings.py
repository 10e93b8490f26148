"""What a user may set about a catalogue: which magnitude counts, and which events; no heavy imports.

Kandilli determines up to five magnitudes per event. They differ by several tenths, so that the choice is part
of a dataset's definition.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from seismic_lightning.errors import ConfigurationError

DEFAULT_MAGNITUDE_ORDER = ("ML", "Mw", "Ms", "Mb", "MD")
"""Taken for tables, which prefer none of their magnitudes: the local one where there is one."""
LARGEST = "xM"
"""The largest of all magnitudes, whatever their types; Kandilli's name for it."""
SOURCE_COLUMNS = (
    "source_id",
    "source_origin_date",
    "source_origin_time",
    "source_latitude_deg",
    "source_longitude_deg",
    "source_depth_km",
    "source_magnitude",
    "source_magnitude_type",
    "source_type",
)
"""Our names for the columns of a catalogue in CSV."""
TYPED_MAGNITUDE = "source_magnitude_"
"""Begins our names for magnitudes of one type: ``source_magnitude_ML``."""

_TYPE = re.compile(r"[A-Za-z]{1,8}")
_SUBTYPED = "mw"


@dataclass(frozen=True)
class CatalogueSettings:
    """How a catalogue is read.

    Attributes:
        magnitude_order: Types of magnitude, the first that an event has is taken; ``xM`` takes the largest of
            all. None keeps the preferred magnitude of QuakeML and bulletins and takes
            ``DEFAULT_MAGNITUDE_ORDER`` for tables.
        keep_explosions: Keep events marked as explosions, suspected or certain; else they are left out and
            counted.
        columns: For a plain CSV file: our names of columns, each with the name in the file. Empty expects our
            own names.
    """

    magnitude_order: Any = None
    keep_explosions: bool = False
    columns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take a single type as a list of one; refuse what is no type and what is no column."""
        if self.magnitude_order is not None and self.magnitude_order != LARGEST:
            object.__setattr__(self, "magnitude_order", _checked_order(self.magnitude_order))
        object.__setattr__(self, "columns", dict(self.columns))
        for name, column in self.columns.items():
            _check_column(name, column)
        if len(set(self.columns.values())) < len(self.columns):
            names = list(self.columns.values())
            _require_distinct(next(name for name in names if names.count(name) > 1))

    @property
    def order_of_tables(self) -> "list[str] | str":
        """Return the order for a file that prefers no magnitude."""
        return self.magnitude_order or list(DEFAULT_MAGNITUDE_ORDER)


DEFAULT = CatalogueSettings()


def choose_magnitude(
    magnitudes: Iterable[tuple[str, float]], order: "list[str] | str"
) -> tuple[str, float] | None:
    """Choose one of the magnitudes of an event.

    Types are compared without regard to case, and ``Mw`` also stands for its kinds, such as ``Mww``.

    Args:
        magnitudes: Types as the file writes them, with their values; those that come first win ties.
        order: Types in the order of preference, or ``xM`` for the largest of all.

    Returns:
        Type as the file writes it, and value; None where the event has none of the types.

    Example:
        >>> choose_magnitude([("MD", 3.1), ("Mw", 2.9)], ["ML", "Mw", "MD"])
        ('Mw', 2.9)
        >>> choose_magnitude([("MD", 3.1), ("Mw", 2.9)], "xM")
        ('MD', 3.1)
    """
    known = list(magnitudes)
    if order == LARGEST:
        return max(known, key=lambda magnitude: magnitude[1], default=None)
    for wanted in order:
        for exact in (True, False):
            found = next((entry for entry in known if _is_of(entry[0], wanted, exact)), None)
            if found is not None:
                return found
    return None


def _is_of(kind: str, wanted: str, exact: bool) -> bool:
    if exact:
        return kind == wanted
    kind, wanted = kind.lower(), wanted.lower()
    return kind == wanted or (wanted == _SUBTYPED and kind.startswith(_SUBTYPED))


def _checked_order(value: object) -> list[str]:
    order = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else []
    accepted = f"give types in order of preference, such as [ML, Mw], or {LARGEST} for the largest of all"
    if not order:
        raise ConfigurationError(f"catalogue_format.magnitude_order={value!r}: {accepted}")
    for kind in order:
        if not isinstance(kind, str) or not _TYPE.fullmatch(kind) or kind == LARGEST:
            raise ConfigurationError(f"catalogue_format.magnitude_order has {kind!r}: {accepted}")
    repeated = next((kind for kind in order if order.count(kind) > 1), None)
    if repeated is not None:
        raise ConfigurationError(f"catalogue_format.magnitude_order has {repeated} twice: {accepted}")
    return order


def _check_column(name: str, column: object) -> None:
    typed = name.startswith(TYPED_MAGNITUDE) and _TYPE.fullmatch(name.removeprefix(TYPED_MAGNITUDE))
    if name not in SOURCE_COLUMNS and not typed:
        raise ConfigurationError(
            f"catalogue_format.columns has {name!r}: give any of {', '.join(SOURCE_COLUMNS)}, "
            f"{TYPED_MAGNITUDE}ML or another type"
        )
    if not isinstance(column, str) or not column.strip():
        raise ConfigurationError(
            f"catalogue_format.columns.{name}={column!r}: give the column's name in the file"
        )


def _require_distinct(shared: str | None) -> None:
    if shared is not None:
        raise ConfigurationError(
            f"catalogue_format.columns names {shared!r} twice: give every column one of our names"
        )
