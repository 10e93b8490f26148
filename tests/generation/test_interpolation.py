"""Ways between latents: identities, the published formula, and ends that have no direction."""

import math
from collections.abc import Callable

import pytest
import torch
from scipy.spatial import geometric_slerp
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.interpolation import (
    even_weights,
    linear,
    spherical,
    spherical_between_priors,
)
from seismic_lightning.nn.posterior import DiagonalGaussian

Way = Callable[[Tensor, Tensor], Tensor]
WAYS: list[Way] = [spherical, linear]
WEIGHTS = even_weights(9)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [2, 3, 64])
def test_on_the_unit_sphere_it_is_scipys(size: int) -> None:
    ends = torch.nn.functional.normalize(drawn(2, size).double(), dim=1)
    reference = torch.from_numpy(geometric_slerp(ends[0].numpy(), ends[1].numpy(), WEIGHTS.numpy()))
    torch.testing.assert_close(spherical(ends, WEIGHTS), reference, rtol=0, atol=1e-12)


def test_it_is_shoemakes_formula_for_ends_of_one_length() -> None:
    ends = 7.0 * torch.nn.functional.normalize(drawn(2, 64).double(), dim=1)
    source, target = ends
    angle = torch.acos(source @ target / 49.0)
    share = WEIGHTS[:, None]
    published = (torch.sin((1 - share) * angle) * source + torch.sin(share * angle) * target) / angle.sin()
    torch.testing.assert_close(spherical(ends, WEIGHTS), published)


def test_lengths_go_evenly_and_so_do_angles() -> None:
    ends = torch.tensor([[3.0], [1.0]]) * drawn(2, 64, seed=1).double()
    path = spherical(ends, WEIGHTS)
    torch.testing.assert_close(path.norm(dim=1), linear(ends.norm(dim=1), WEIGHTS))
    directions = torch.nn.functional.normalize(path, dim=1)
    cosines = (directions[1:] * directions[:-1]).sum(1)
    torch.testing.assert_close(cosines, cosines[0].expand(8))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ends_are_reproduced_and_the_way_back_is_the_same(way: Way, dtype: torch.dtype) -> None:
    ends = drawn(2, 64).to(dtype)
    path = way(ends, WEIGHTS)
    assert path.dtype == dtype
    assert torch.equal(path[[0, -1]], ends)
    torch.testing.assert_close(path.flip(0), way(ends.flip(0), WEIGHTS))


def test_a_feature_map_goes_straight() -> None:
    ends = drawn(2, 8, 3, 2)
    path = linear(ends, WEIGHTS)
    assert path.shape == (9, 8, 3, 2)
    torch.testing.assert_close(path[4], ends.mean(0))


@pytest.mark.parametrize("factor", [1.0, 0.3, 1.0 + 1e-7, 40.0])
def test_parallel_ends_are_joined_by_a_straight_line(factor: float) -> None:
    ends = torch.tensor([[1.0], [factor]]) * drawn(64)
    path = spherical(ends, WEIGHTS)
    torch.testing.assert_close(path, linear(ends, WEIGHTS))
    assert torch.isfinite(path).all()


@pytest.mark.parametrize("factor", [-1.0, -0.3])
@pytest.mark.parametrize("size", [2, 64])
def test_opposite_ends_are_joined_by_a_half_circle(factor: float, size: int) -> None:
    source = drawn(size)
    path = spherical(torch.stack([source, factor * source]), WEIGHTS)
    lengths = linear(torch.tensor([1.0, -factor]) * source.norm(), WEIGHTS)
    torch.testing.assert_close(path.norm(dim=1), lengths)
    cosines = path @ source / (lengths * source.norm())
    torch.testing.assert_close(cosines, torch.cos(math.pi * WEIGHTS).float(), atol=1e-6, rtol=0)


def test_opposite_ends_on_a_line_pass_through_the_origin() -> None:
    path = spherical(torch.tensor([[2.0], [-2.0]]), WEIGHTS)
    torch.testing.assert_close(path[:, 0], 2.0 - 4.0 * WEIGHTS.float())


@pytest.mark.parametrize("zero", [0, 1])
def test_an_end_at_the_origin_takes_the_others_direction(zero: int) -> None:
    ends = drawn(2, 64)
    ends[zero] = 0.0
    torch.testing.assert_close(spherical(ends, WEIGHTS), linear(ends, WEIGHTS))
    assert torch.equal(spherical(torch.zeros(2, 4), WEIGHTS), torch.zeros(9, 4))


def test_half_way_between_prior_draws_is_as_long_as_a_draw_and_straight_ways_are_not() -> None:
    pairs = drawn(200, 2, 64)
    arcs, lines = (torch.stack([way(ends, torch.tensor([0.5]))[0] for ends in pairs]) for way in WAYS)
    assert arcs.square().mean().item() == pytest.approx(1.0, abs=0.05)
    assert lines.square().mean().item() == pytest.approx(0.5, abs=0.05)


def test_in_a_standard_prior_it_is_the_plain_way() -> None:
    ends = drawn(2, 64)
    zeros = torch.zeros(9, 64)
    path = spherical_between_priors(ends, WEIGHTS, DiagonalGaussian(zeros, zeros))
    torch.testing.assert_close(path, spherical(ends, WEIGHTS))


def test_the_way_moves_with_the_priors_of_its_steps() -> None:
    noise = drawn(2, 64)
    mean, log_var = linear(drawn(2, 64, seed=1), WEIGHTS), linear(drawn(2, 64, seed=2), WEIGHTS)
    ends = mean[[0, -1]] + torch.exp(0.5 * log_var[[0, -1]]) * noise
    path = spherical_between_priors(ends, WEIGHTS, DiagonalGaussian(mean, log_var))
    assert torch.equal(path[[0, -1]], ends)
    standardised = (path - mean) * torch.exp(-0.5 * log_var)
    torch.testing.assert_close(standardised, spherical(noise, WEIGHTS), atol=1e-5, rtol=0)


def test_ends_at_their_prior_means_follow_the_means() -> None:
    mean = linear(drawn(2, 64), WEIGHTS)
    path = spherical_between_priors(mean[[0, -1]], WEIGHTS, DiagonalGaussian(mean, drawn(9, 64, seed=3)))
    torch.testing.assert_close(path, mean)


@pytest.mark.parametrize("n_steps", [1, 0, -3])
def test_fewer_steps_than_ends_are_refused(n_steps: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"steps={n_steps}: give 2 or more"):
        even_weights(n_steps)
