"""Random numbers that depend on where training stands and on nothing that happened before."""

import numpy as np
import torch


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
