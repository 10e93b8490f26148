"""Damaged copies of files, the same for the same seed: what transfer, disks and editors do to them."""

from collections.abc import Callable, Iterator

import numpy as np

BLOCK_BYTES = 512


def mutants(source: bytes, count: int, seed: int, *, text: bool) -> Iterator[bytes]:
    """Yield damaged copies.

    Args:
        source: Content of a sound file.
        count: How many copies.
        seed: Of the damage.
        text: Whether lines are the parts that are lost, doubled and moved; else blocks of 512 bytes.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        content = source
        for _ in range(rng.integers(1, 4)):
            number = int(rng.integers(len(BYTEWISE) + len(PARTWISE)))
            if number < len(BYTEWISE):
                content = BYTEWISE[number](content, rng)
            elif content:
                damaged = PARTWISE[number - len(BYTEWISE)](_parts(content, text), rng)
                content = b"".join(damaged)
        yield content


def _parts(content: bytes, text: bool) -> list[bytes]:
    if text:
        return content.splitlines(keepends=True)
    return [content[start : start + BLOCK_BYTES] for start in range(0, len(content), BLOCK_BYTES)]


def _flip(content: bytes, rng: np.random.Generator) -> bytes:
    flipped = bytearray(content)
    for place in rng.integers(0, max(len(flipped), 1), rng.integers(1, 12)) if flipped else ():
        flipped[place] ^= 1 << rng.integers(8)
    return bytes(flipped)


def _truncate(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(len(content) + 1))]


def _insert(content: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(content) + 1))
    return content[:place] + rng.bytes(int(rng.integers(1, 20))) + content[place:]


def _lose(parts: list[bytes], rng: np.random.Generator) -> list[bytes]:
    place = rng.integers(len(parts))
    return parts[:place] + parts[place + 1 :]


def _double(parts: list[bytes], rng: np.random.Generator) -> list[bytes]:
    place = rng.integers(len(parts))
    return [*parts[:place], parts[place], *parts[place:]]


def _swap(parts: list[bytes], rng: np.random.Generator) -> list[bytes]:
    one, other = rng.integers(len(parts), size=2)
    swapped = list(parts)
    swapped[one], swapped[other] = parts[other], parts[one]
    return swapped


BYTEWISE: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (_flip, _flip, _truncate, _insert)
PARTWISE: tuple[Callable[[list[bytes], np.random.Generator], list[bytes]], ...] = (_lose, _double, _swap)
