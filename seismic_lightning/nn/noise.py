"""Random numbers that depend on where training stands and on nothing that happened before."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Noise = torch.Generator | Sequence[torch.Generator]
"""One source for all records of a batch; or one for each, so that none depends on the others."""


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
    (seed,) = np.random.SeedSequence(key).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(seed))


def normal_like(tensor: Tensor, generator: Noise | None = None) -> Tensor:
    """Draw standard normal numbers for a tensor, on the generator's device.

    A seed on the CPU then gives the same numbers wherever the model runs.

    Args:
        tensor: Gives shape, type and device of the result.
        generator: Source of the numbers, or one for each entry of the first dimension; None takes PyTorch's
            global one of the tensor's device.

    Returns:
        Numbers of the tensor's shape, without gradient.
    """
    if isinstance(generator, Sequence):
        pairs = zip(tensor, generator, strict=True)
        return torch.stack([normal_like(record, own) for record, own in pairs])
    drawn_on = tensor.device if generator is None else generator.device
    noise = torch.randn(tensor.shape, generator=generator, device=drawn_on, dtype=tensor.dtype)
    return noise.to(tensor.device)
