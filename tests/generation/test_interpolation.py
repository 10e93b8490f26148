"""Ways between latents: identities, the published formula, and ends that have no direction."""

import math

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

WEIGHTS = even_weights(9)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [2, 3, 64])
def test_on_the_unit_sphere_it_is_scipys(size: int) -> None:
    source, target = torch.nn.functional.normalize(drawn(2, size).double(), dim=1)
    reference = torch.from_numpy(geometric_slerp(source.numpy(), target.numpy(), WEIGHTS.numpy()))
    torch.testing.assert_close(spherical(source, target, WEIGHTS), reference, rtol=0, atol=1e-12)


def test_it_is_shoemakes_formula_for_ends_of_one_length() -> None:
    source, target = 7.0 * torch.nn.functional.normalize(drawn(2, 64).double(), dim=1)
    angle = torch.acos(source @ target / 49.0)
    share = WEIGHTS[:, None]
    published = (torch.sin((1 - share) * angle) * source + torch.sin(share * angle) * target) / angle.sin()
    torch.testing.assert_close(spherical(source, target, WEIGHTS), published)


def test_lengths_go_evenly_and_so_do_angles() -> None:
    source, target = 3.0 * drawn(64, seed=1).double(), drawn(64, seed=2).double()
    path = spherical(source, target, WEIGHTS)
    torch.testing.assert_close(path.norm(dim=1), linear(source.norm(), target.norm(), WEIGHTS))
    directions = torch.nn.functional.normalize(path, dim=1)
    cosines = (directions[1:] * directions[:-1]).sum(1)
    torch.testing.assert_close(cosines, cosines[0].expand(8))


@pytest.mark.parametrize("way", [linear, spherical])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ends_are_reproduced_and_the_way_back_is_the_same(way, dtype: torch.dtype) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    source, target = drawn(2, 64).to(dtype)
    path = way(source, target, WEIGHTS)
    assert path.dtype == dtype
    assert torch.equal(path[0], source)
    assert torch.equal(path[-1], target)
    torch.testing.assert_close(path.flip(0), way(target, source, WEIGHTS))


def test_a_feature_map_goes_straight() -> None:
    source, target = drawn(2, 8, 3, 2)
    path = linear(source, target, WEIGHTS)
    assert path.shape == (9, 8, 3, 2)
    torch.testing.assert_close(path[4], (source + target) / 2)


@pytest.mark.parametrize("factor", [1.0, 0.3, 1.0 + 1e-7, 40.0])
def test_parallel_ends_are_joined_by_a_straight_line(factor: float) -> None:
    source = drawn(64)
    path = spherical(source, factor * source, WEIGHTS)
    torch.testing.assert_close(path, linear(source, factor * source, WEIGHTS))
    assert torch.isfinite(path).all()


@pytest.mark.parametrize("factor", [-1.0, -0.3])
@pytest.mark.parametrize("size", [2, 64])
def test_opposite_ends_are_joined_by_a_half_circle(factor: float, size: int) -> None:
    source = drawn(size)
    path = spherical(source, factor * source, WEIGHTS)
    lengths = linear(source.norm(), -factor * source.norm(), WEIGHTS)
    torch.testing.assert_close(path.norm(dim=1), lengths)
    cosines = path @ source / (lengths * source.norm())
    torch.testing.assert_close(cosines, torch.cos(math.pi * WEIGHTS).float(), atol=1e-6, rtol=0)


def test_opposite_ends_on_a_line_pass_through_the_origin() -> None:
    path = spherical(torch.tensor([2.0]), torch.tensor([-2.0]), WEIGHTS)
    torch.testing.assert_close(path[:, 0], 2.0 - 4.0 * WEIGHTS.float())


@pytest.mark.parametrize("zero", [0, 1])
def test_an_end_at_the_origin_takes_the_others_direction(zero: int) -> None:
    ends = drawn(2, 64)
    ends[zero] = 0.0
    torch.testing.assert_close(spherical(*ends, WEIGHTS), linear(*ends, WEIGHTS))
    assert torch.equal(spherical(torch.zeros(4), torch.zeros(4), WEIGHTS), torch.zeros(9, 4))


def test_half_way_between_prior_draws_is_as_long_as_a_draw_and_straight_ways_are_not() -> None:
    ends = drawn(2, 200, 64)
    half = torch.tensor([0.5])
    arcs = torch.stack([spherical(a, b, half)[0] for a, b in zip(*ends, strict=True)])
    lines = torch.stack([linear(a, b, half)[0] for a, b in zip(*ends, strict=True)])
    assert arcs.square().mean().item() == pytest.approx(1.0, abs=0.05)
    assert lines.square().mean().item() == pytest.approx(0.5, abs=0.05)


def test_in_a_standard_prior_it_is_the_plain_way() -> None:
    ends = drawn(2, 64)
    zeros = torch.zeros(9, 64)
    path = spherical_between_priors(ends, WEIGHTS, DiagonalGaussian(zeros, zeros))
    torch.testing.assert_close(path, spherical(*ends, WEIGHTS))


def test_the_way_moves_with_the_priors_of_its_steps() -> None:
    noise = drawn(2, 64)
    mean, log_var = linear(*drawn(2, 64, seed=1), WEIGHTS), linear(*drawn(2, 64, seed=2), WEIGHTS)
    ends = mean[[0, -1]] + torch.exp(0.5 * log_var[[0, -1]]) * noise
    path = spherical_between_priors(ends, WEIGHTS, DiagonalGaussian(mean, log_var))
    assert torch.equal(path[0], ends[0])
    assert torch.equal(path[-1], ends[1])
    standardised = (path - mean) * torch.exp(-0.5 * log_var)
    torch.testing.assert_close(standardised, spherical(*noise, WEIGHTS), atol=1e-5, rtol=0)


def test_ends_at_their_prior_means_follow_the_means() -> None:
    mean = linear(*drawn(2, 64), WEIGHTS)
    path = spherical_between_priors(mean[[0, -1]], WEIGHTS, DiagonalGaussian(mean, drawn(9, 64, seed=3)))
    torch.testing.assert_close(path, mean)


@pytest.mark.parametrize("n_steps", [1, 0, -3])
def test_fewer_steps_than_ends_are_refused(n_steps: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"steps={n_steps}: give 2 or more"):
        even_weights(n_steps)
