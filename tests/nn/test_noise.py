"""Noise is a function of its key."""

import itertools

import numpy as np
import torch
from scipy import stats

from seismic_lightning.nn.noise import RecordNoise, keyed_generator

CPU = torch.device("cpu")


def test_streams_of_neighbouring_keys_are_unrelated() -> None:
    keys = list(itertools.product(range(3), repeat=3))
    streams = torch.stack([torch.randn(2000, generator=keyed_generator(CPU, *key)) for key in keys])
    correlation = torch.corrcoef(streams).fill_diagonal_(0)
    assert correlation.abs().max() < 5 / 2000**0.5  # five standard errors


def test_a_key_is_not_the_sum_of_its_parts() -> None:
    first, second = (torch.rand(1, generator=keyed_generator(CPU, *key)) for key in [(0, 1), (1, 0)])
    assert first != second


def test_noise_of_a_record_does_not_depend_on_its_batch() -> None:
    latent = torch.empty(6, 2, 5)
    whole = RecordNoise((3, 1), torch.arange(6)).normal_like(latent)
    order = torch.tensor([4, 0, 5])
    assert torch.equal(RecordNoise((3, 1), order).normal_like(latent[:3]), whole[order])
    assert not torch.equal(RecordNoise((3, 2), torch.arange(6)).normal_like(latent), whole)


def test_noise_of_records_is_standard_normal() -> None:
    drawn = RecordNoise((0, 0), torch.arange(2000)).normal_like(torch.empty(2000, 128))
    sample = drawn.flatten().double().numpy()
    assert stats.kstest(sample, "norm").pvalue > 0.01
    assert abs(stats.kurtosis(sample)) < 5 * (24 / sample.size) ** 0.5
    assert len(np.unique(sample)) > 0.95 * sample.size


def test_noise_of_neighbouring_records_places_and_keys_is_unrelated() -> None:
    keys = [RecordNoise((seed, epoch), torch.arange(3)) for seed in range(2) for epoch in range(3)]
    streams = torch.cat([noise.normal_like(torch.empty(3, 2000)) for noise in keys])
    correlation = torch.corrcoef(torch.cat([streams, streams.roll(1, dims=1)])).fill_diagonal_(0)
    assert correlation.abs().max() < 5 / 2000**0.5  # five standard errors


def test_a_key_and_the_same_with_zeros_are_unrelated() -> None:
    keys = [(0,), (0, 0), (1,), (1, 0), (1, 0, 0)]
    drawn = [float(torch.rand(1, generator=keyed_generator(CPU, *key))) for key in keys]
    hashed = [float(RecordNoise(key, torch.arange(1)).normal_like(torch.empty(1, 1))) for key in keys]
    assert len(set(drawn)) == len(set(hashed)) == len(keys)
