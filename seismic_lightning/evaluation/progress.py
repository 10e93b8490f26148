"""How a long evaluation tells what it is doing."""

from collections.abc import Callable

StepProgress = Callable[[str, int, int], None]
"""Told what is being done, how many records or steps are done, and how many there are."""


def silently(doing: str, done: int, total: int) -> None:
    """Take no note."""
