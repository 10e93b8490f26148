"""Units of waveforms as people read them: with the prefix that leaves the fewest noughts."""

UNIT_WORDS = {"counts": "counts", "mps": "m/s", "mps2": "m/s²"}
_PREFIXES = {"": 1.0, "m": 1e-3, "µ": 1e-6, "n": 1e-9}


def prefixed(largest: float, unit: str) -> tuple[float, str]:
    """Choose the unit that a figure of waveforms is labelled with.

    Args:
        largest: Largest amplitude shown, not negative, in ``unit``.
        unit: ``counts``, ``mps`` or ``mps2``; any other word stays as it is.

    Returns:
        Size of the chosen unit in ``unit``, and its name.

    Example:
        >>> prefixed(3.21e-5, "mps"), prefixed(12345.0, "counts")
        ((1e-06, 'µm/s'), (1.0, 'counts'))
    """
    word = UNIT_WORDS.get(unit, unit)
    if word == unit:
        return 1.0, word
    prefix = next((name for name, size in _PREFIXES.items() if largest >= size), "n")
    return _PREFIXES[prefix], f"{prefix}{word}"


def amplitude_text(amplitude: float, unit: str) -> str:
    """Write an amplitude in the unit that suits its size.

    Args:
        amplitude: Not negative.
        unit: ``counts``, ``mps`` or ``mps2``.

    Example:
        >>> amplitude_text(3.21e-5, "mps"), amplitude_text(12345.0, "counts")
        ('32.1 µm/s', '12345 counts')
    """
    size, word = prefixed(amplitude, unit)
    return f"{amplitude:.0f} {word}" if unit == "counts" else f"{amplitude / size:.3g} {word}"
