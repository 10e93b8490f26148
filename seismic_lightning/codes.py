"""The names seismologists give to channels, and the few numbers that all rooms share.

A channel code such as ``HHZ`` is a *family* (``HH``: band and instrument code) followed by a component. All
arrays of this package hold their components in the order of ``COMPONENTS``.

References:
    FDSN (2012), SEED Reference Manual v2.4, Appendix A: Channel Naming.
"""

import re
from typing import NamedTuple

COMPONENTS = "ZNE"
"""Component order of every array: vertical, north, east."""
NANOSECONDS_PER_S = 1_000_000_000
"""Times are whole nanoseconds since 1970 (UTC)."""
FILL_COUNTS = -(2**31)
"""Marks a missing sample among integer counts, the least of int32; a missing sample in SI units is NaN."""
COMPONENT_SETS = (COMPONENTS, COMPONENTS[:1])
"""What the records of a dataset may hold: all three components, or the vertical alone."""
USABLE_SHARE_OF_NYQUIST = 0.8
"""Where high corners end: above, the Nyquist frequency squeezes the response of a Butterworth filter."""

_CODE = re.compile(r"[A-Z0-9]{1,8}")
_FAMILY = re.compile(r"[A-Z0-9]{2}")


class SeedId(NamedTuple):
    """The four codes that name one channel; network and location may be empty."""

    network: str
    station: str
    location: str
    channel: str

    @property
    def family(self) -> str:
        """Return band and instrument code, such as ``HH``."""
        return self.channel[:2]

    @property
    def component(self) -> str:
        """Return the last letter of the channel code, such as ``Z``."""
        return self.channel[2:]

    def __str__(self) -> str:
        """Return ``NET.STA.LOC.CHA``."""
        return ".".join(self)


def is_code(text: str) -> bool:
    """Tell whether a text can serve as a network or station code and hence safely within a file's name.

    Example:
        >>> is_code("ADVT"), is_code("../ADVT")
        (True, False)
    """
    return _CODE.fullmatch(text) is not None


def is_family(text: str) -> bool:
    """Tell whether a text is a channel family, such as ``HH``.

    Example:
        >>> is_family("HH"), is_family("HHZ")
        (True, False)
    """
    return _FAMILY.fullmatch(text) is not None


def plain_code(text: str | None) -> str:
    """Return a network or location code without the padding and the dashes that stand for "none".

    Example:
        >>> plain_code("--"), plain_code(None), plain_code("00 ")
        ('', '', '00')
    """
    stripped = (text or "").strip()
    return "" if stripped.strip("-") == "" else stripped
