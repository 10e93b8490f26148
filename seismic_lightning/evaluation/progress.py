"""How a long evaluation tells what it is doing."""

from typing import Protocol


class Progress(Protocol):
    """Told of every step."""

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Take note.

        Args:
            doing: What is being done, in a few words.
            done: Records or steps that are done.
            total: All of them.
        """


def silently(doing: str, done: int, total: int) -> None:
    """Take no note."""
