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
    damages = (_flip, _flip, _truncate, _insert, _lose, _double, _swap)
    for _ in range(count):
        content = source
        for _ in range(rng.integers(1, 4)):
            damage = damages[rng.integers(len(damages))]
            content = damage(content, rng) if damage in BYTEWISE else _by_parts(damage, content, rng, text)
        yield content


def _flip(content: bytes, rng: np.random.Generator) -> bytes:
    flipped = bytearray(content)
    for place in rng.integers(0, max(len(flipped), 1), rng.integers(1, 12)) if flipped else ():
        flipped[place] ^= 1 << rng.integers(8)
    return bytes(flipped)


def _truncate(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: rng.integers(len(content) + 1)]


def _insert(content: bytes, rng: np.random.Generator) -> bytes:
    place = rng.integers(len(content) + 1)
    return content[:place] + rng.bytes(rng.integers(1, 20)) + content[place:]


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


BYTEWISE: tuple[Callable[..., bytes], ...] = (_flip, _truncate, _insert)


def _by_parts(
    damage: Callable[[list[bytes], np.random.Generator], list[bytes]],
    content: bytes,
    rng: np.random.Generator,
    text: bool,
) -> bytes:
    if text:
        parts = content.splitlines(keepends=True)
    else:
        parts = [content[start : start + BLOCK_BYTES] for start in range(0, len(content), BLOCK_BYTES)]
    return b"".join(damage(parts, rng)) if parts else content
