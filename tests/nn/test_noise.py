import itertools

import torch

from seismic_lightning.nn.noise import keyed_generator

CPU = torch.device("cpu")


def test_streams_of_neighbouring_keys_are_unrelated() -> None:
    keys = list(itertools.product(range(3), repeat=3))
    streams = torch.stack([torch.randn(2000, generator=keyed_generator(CPU, *key)) for key in keys])
    correlation = torch.corrcoef(streams).fill_diagonal_(0)
    assert correlation.abs().max() < 5 / 2000**0.5  # five standard errors


def test_a_key_is_not_the_sum_of_its_parts() -> None:
    first, second = (torch.rand(1, generator=keyed_generator(CPU, *key)) for key in [(0, 1), (1, 0)])
    assert first != second
