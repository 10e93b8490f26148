"""Three channels of any naming into vertical, north and east.

``Z``, ``N`` and ``E`` are taken as they are. Sensors that do not point north carry ``1``, ``2`` and ``3``
instead, and only the inventory knows their azimuths and dips: with them the components are rotated, without
them they cannot be called north and east. ``as_is`` takes them in order all the same, which keeps amplitudes
but not directions.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.inventory import Epoch

VERTICAL_DIP_DEG = -90.0
"""Dip of a channel called Z that the inventory gives no dip for."""
HORIZONTAL_DIP_DEG = 0.0
"""Dip of channels called 1 and 2 beside a Z that the inventory gives no dip for."""

NEGLIGIBLE = 1e-9
"""Share of a channel in a component below which it has none: a sine of rounding errors."""

_LETTERS = "ZNE123"


class Arrangement(NamedTuple):
    """How channels become components.

    Attributes:
        channels: Component letters of the file in the order to stack them; "" for a component without a
            channel.
        matrix: ``(3, 3)`` from that stack to Z, N, E, or None where the stack is Z, N, E already.
    """

    channels: tuple[str, str, str]
    matrix: NDArray[np.float64] | None

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """Return the channels that Z, N and E are made of: one each, or more where they are rotated."""
        if self.matrix is None:
            return tuple((letter,) if letter else () for letter in self.channels)
        return tuple(
            tuple(letter for letter, share in zip(self.channels, row, strict=True) if abs(share) > NEGLIGIBLE)
            for row in self.matrix
        )


def arrange(letters: Sequence[str], epochs: Mapping[str, Epoch | None], orientation: str) -> Arrangement:
    """Decide how the channels of one record become Z, N and E.

    Args:
        letters: Last letters of the channel codes, each once.
        epochs: Channel metadata by letter, None where the inventory does not list the channel.
        orientation: ``strict`` rotates or refuses; ``as_is`` takes verticals Z or 3 and horizontals in order.

    Returns:
        The stack and, where needed, the rotation.

    Raises:
        WaveformError: ``extra_channels`` for more than three, ``no_orientation`` without azimuths, without
            three channels to rotate, or with directions that do not span space.
    """
    present = set(letters)
    if len(present) > len(COMPONENTS):
        message = f"channels {', '.join(sorted(present))}; give the three of one sensor"
        raise WaveformError("extra_channels", message)
    if present <= set(COMPONENTS):
        z, n, e = (letter if letter in present else "" for letter in COMPONENTS)
        return Arrangement((z, n, e), None)
    if orientation == "as_is":
        return Arrangement(_in_order(present), None)
    return _rotation(sorted(present, key=_order), epochs)


def rotate(stack: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply a rotation sample by sample.

    The sum is written out rather than given to BLAS, whose result may depend on the number of threads.

    Args:
        stack: ``(3, N)`` channels in the order of the arrangement.
        matrix: ``(3, 3)`` rotation.

    Returns:
        ``(3, N)`` in the order Z, N, E.
    """
    return np.stack([row[0] * stack[0] + row[1] * stack[1] + row[2] * stack[2] for row in matrix])


def _order(letter: str) -> int:
    return _LETTERS.index(letter) if letter in _LETTERS else len(_LETTERS)


def _in_order(present: set[str]) -> tuple[str, str, str]:
    """Take Z, else 3, as vertical and the other letters as north and east."""
    vertical = next((letter for letter in "Z3" if letter in present), "")
    horizontals = sorted(present - {vertical}, key=_order)
    if len(horizontals) == 1 and horizontals[0] in "E2":
        horizontals.insert(0, "")
    if len(horizontals) > 2 or any(letter not in _LETTERS for letter in present):
        raise WaveformError(
            "no_orientation", f"no channel of {', '.join(sorted(present))} is a vertical Z or 3"
        )
    north, east = [*horizontals, "", ""][:2]
    return vertical, north, east


def _rotation(letters: list[str], epochs: Mapping[str, Epoch | None]) -> Arrangement:
    if len(letters) < len(COMPONENTS):
        raise WaveformError(
            "no_orientation", f"only {', '.join(letters)}: three channels are needed to rotate"
        )
    angles: list[float] = []
    for letter in letters:
        epoch = epochs.get(letter)
        azimuth_deg = None if epoch is None else epoch.azimuth_deg
        dip_deg = None if epoch is None else epoch.dip_deg
        if letter == "Z":
            azimuth_deg = 0.0 if azimuth_deg is None else azimuth_deg
            dip_deg = VERTICAL_DIP_DEG if dip_deg is None else dip_deg
        elif dip_deg is None and "Z" in letters:
            dip_deg = HORIZONTAL_DIP_DEG
        if azimuth_deg is None or dip_deg is None:
            missing = "azimuth" if azimuth_deg is None else "dip"
            raise WaveformError("no_orientation", f"no {missing} of channel {letter} in the inventory")
        angles += [azimuth_deg, dip_deg]
    first, second, third = letters
    return Arrangement((first, second, third), _matrix(tuple(angles)))


@functools.lru_cache(maxsize=1024)
def _matrix(angles: tuple[float, ...]) -> NDArray[np.float64]:
    """Let ObsPy rotate the three unit vectors: what it makes of them are the columns of the rotation."""
    from obspy.signal.rotate import rotate2zne  # here: only sensors that need a rotation need ObsPy

    unit = np.eye(3)
    try:
        rotated = rotate2zne(unit[0], *angles[0:2], unit[1], *angles[2:4], unit[2], *angles[4:6])
    except ValueError as error:
        raise WaveformError("no_orientation", f"azimuths and dips {angles}: {error}") from error
    return np.stack(rotated)
