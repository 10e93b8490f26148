"""Random numbers that depend on where training stands and on nothing that happened before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

Noise = torch.Generator | Sequence[torch.Generator]
"""One source for all records of a batch; or one for each, so that none depends on the others."""

_GOLDEN, _FIRST, _SECOND = -0x61C8864680B583EB, -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15
"""Constants of SplitMix64, as signed numbers."""
_UNIFORM_BITS = 23
"""As many as leave both ends out of the open interval (0, 1) in float32; the noise ends at 5.3."""


@dataclass(frozen=True)
class RecordNoise:
    """Noise of which each record has its own, whatever batch and whichever process it is in.

    A training that is split over processes then draws for every record what a single process would have
    drawn. The numbers are hashed from key, record and place instead of drawn in turn, all records at once;
    asked twice, it gives the same numbers twice.

    Attributes:
        key: Integers not below zero, such as seed and epoch; any difference gives unrelated noise.
        index: ``(B,)`` int64 numbers of the records.

    References:
        Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA,
        doi:10.1145/2660193.2660195.

    Example:
        >>> both = RecordNoise((0, 1), torch.tensor([7, 8])).normal_like(torch.empty(2, 3))
        >>> alone = RecordNoise((0, 1), torch.tensor([8])).normal_like(torch.empty(1, 3))
        >>> bool((both[1:] == alone).all())
        True
    """

    key: tuple[int, ...]
    index: Tensor

    def normal_like(self, tensor: Tensor) -> Tensor:
        """Return standard normal numbers of a tensor's shape ``(B, ...)``, type and device."""
        word = int(_word(self.key).view(np.int64))
        record = _mixed(self.index * _GOLDEN + word)
        place = torch.arange(1, tensor[0].numel() + 1, device=record.device)
        bits = _mixed(record[:, None] + place * _GOLDEN)
        uniform = (_shifted(bits, 64 - _UNIFORM_BITS).float() + 0.5) * 2.0**-_UNIFORM_BITS
        normal: Tensor = torch.special.ndtri(uniform)
        return normal.reshape(tensor.shape).to(tensor)


def _word(key: Sequence[int]) -> np.uint64:
    """Return 64 bits that are a key's own; its length counts, since ``SeedSequence`` fills up with zeros."""
    (word,) = np.random.SeedSequence((len(key), *key)).generate_state(1, np.uint64)
    return cast(np.uint64, word)


def _mixed(words: Tensor) -> Tensor:
    """Return what SplitMix64 makes of 64-bit words; products overflow on purpose."""
    words = (words ^ _shifted(words, 30)) * _FIRST
    words = (words ^ _shifted(words, 27)) * _SECOND
    return torch.bitwise_xor(words, _shifted(words, 31))


def _shifted(words: Tensor, n_bits: int) -> Tensor:
    """Shift to the right as unsigned words."""
    return torch.bitwise_and(words >> n_bits, 2 ** (64 - n_bits) - 1)


def keyed_generator(device: torch.device, *key: int) -> torch.Generator:
    """Make a generator that is a function of a key, such as seed, epoch, batch and rank.

    A run that is stopped and resumed draws the same noise as one that never stopped, without saving any
    generator's state; and whatever else draws random numbers cannot shift it.

    Args:
        device: Where the random numbers are needed.
        *key: Integers not below zero; any difference gives an unrelated stream.

    Returns:
        A freshly seeded generator on ``device``.

    Example:
        >>> cpu = torch.device("cpu")
        >>> a, b = keyed_generator(cpu, 0, 1, 2), keyed_generator(cpu, 0, 1, 2)
        >>> bool(torch.rand(1, generator=a) == torch.rand(1, generator=b))
        True
    """
    return torch.Generator(device).manual_seed(int(_word(key)))


def normal_like(tensor: Tensor, generator: Noise | RecordNoise | None = None) -> Tensor:
    """Draw standard normal numbers for a tensor, on the generator's device.

    A seed on the CPU then gives the same numbers wherever the model runs.

    Args:
        tensor: Gives shape, type and device of the result.
        generator: Source of the numbers, or one for each entry of the first dimension; None takes PyTorch's
            global one of the tensor's device.

    Returns:
        Numbers of the tensor's shape, without gradient.
    """
    if isinstance(generator, RecordNoise):
        return generator.normal_like(tensor)
    if isinstance(generator, Sequence):
        pairs = zip(tensor, generator, strict=True)
        return torch.stack([normal_like(record, own) for record, own in pairs])
    drawn_on = tensor.device if generator is None else generator.device
    noise = torch.randn(tensor.shape, generator=generator, device=drawn_on, dtype=tensor.dtype)
    return noise.to(tensor.device)
