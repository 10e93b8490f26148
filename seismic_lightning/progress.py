"""How long work tells of its progress."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Takes the number of what is done and of all there is to do."""
