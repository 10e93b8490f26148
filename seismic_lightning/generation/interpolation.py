r"""Ways between two latents.

Latents that follow a normal prior of many dimensions lie near a shell around its mean. The straight line
between two of them cuts through the shell, where no record has ever been; the arc of a great circle stays on
it. With the direction :math:`u` of the source, the unit vector :math:`w` perpendicular to it towards the
target and the angle :math:`\theta` between both ends, the step of weight :math:`t` is

.. math:: \bigl((1 - t) r_0 + t\, r_1\bigr) (u \cos t\theta + w \sin t\theta),

its length going evenly from that of the source, :math:`r_0`, to that of the target, :math:`r_1`. Where each
record has a prior of its own, the arc lies in the units of the priors.

References:
    Shoemake (1985), Animating rotation with quaternion curves, SIGGRAPH Computer Graphics 19(3), 245-254,
    doi:10.1145/325165.325242.
    White (2016), Sampling generative networks, arXiv:1609.04468.
"""

import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.posterior import DiagonalGaussian

MIN_STEPS = 2
"""Source and target."""
_ALIGNED = 1e-6
"""Sine of an angle that rounding in float32 leaves between parallel vectors."""


def even_weights(n_steps: int) -> Tensor:
    """Return the share of the target in each step.

    Args:
        n_steps: Steps ``S``, both ends among them.

    Returns:
        ``(S,)`` float64, from exactly 0 to exactly 1.

    Raises:
        ConfigurationError: Fewer steps than ends.

    Example:
        >>> even_weights(3)
        tensor([0.0000, 0.5000, 1.0000], dtype=torch.float64)
    """
    if n_steps < MIN_STEPS:
        raise ConfigurationError(
            f"steps={n_steps}: give {MIN_STEPS} or more; source and target are steps too"
        )
    return torch.linspace(0.0, 1.0, n_steps, dtype=torch.float64)


def linear(source: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Go straight from one tensor to another.

    Args:
        source: ``(...)`` of weight 0.
        target: ``(...)`` of weight 1, of the same shape.
        weights: ``(S,)`` shares of the target.

    Returns:
        ``(S, ...)`` of the source's type; steps of weight 0 and 1 are the ends to the last bit.
    """
    share = _aside(weights, source)
    path = (1.0 - share) * source.double() + share * target.double()
    return _with_ends(path.to(source.dtype), source, target, weights)


def spherical(source: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Go from one vector to another along a great circle.

    An end at the origin has no direction and takes the other's: the way is straight. Between opposite ends
    every great circle is as short; the one through the axis that they are least along is taken. On a line
    there is none, and the way leads through the origin.

    Args:
        source: ``(D,)`` of weight 0.
        target: ``(D,)`` of weight 1.
        weights: ``(S,)`` shares of the target.

    Returns:
        ``(S, D)`` of the source's type; steps of weight 0 and 1 are the ends to the last bit.

    Example:
        >>> spherical(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0]), torch.tensor([0.5]))
        tensor([[2.1213, 2.1213]])
    """
    first, last = source.double(), target.double()
    lengths = torch.linalg.vector_norm(first), torch.linalg.vector_norm(last)
    if min(lengths) == 0.0:
        return linear(source, target, weights)
    along, towards = first / lengths[0], last / lengths[1]
    cosine = along @ towards
    across = towards - cosine * along
    sine = torch.linalg.vector_norm(across)
    if sine < _ALIGNED:
        if cosine > 0.0 or len(source) == 1:
            return linear(source, target, weights)
        across, sine = _perpendicular(along), torch.zeros_like(sine)
    angle = torch.atan2(sine, cosine)
    share = _aside(weights, source)
    direction = along * torch.cos(share * angle) + _unit(across) * torch.sin(share * angle)
    path = ((1.0 - share) * lengths[0] + share * lengths[1]) * direction
    return _with_ends(path.to(source.dtype), source, target, weights)


def spherical_between_priors(latents: Tensor, weights: Tensor, priors: DiagonalGaussian) -> Tensor:
    """Go along a great circle in the units of the prior that each step has.

    Args:
        latents: ``(2, D)`` source and target.
        weights: ``(S,)`` shares of the target.
        priors: ``(S, D)`` prior of each step; the first is the source's, the last the target's.

    Returns:
        ``(S, D)`` latents; steps of weight 0 and 1 are the ends to the last bit.
    """
    deviation = torch.exp(0.5 * priors.log_var.double())
    mean = priors.mean.double()
    source = (latents[0].double() - mean[0]) / deviation[0]
    target = (latents[1].double() - mean[-1]) / deviation[-1]
    path = mean + deviation * spherical(source, target, weights)
    return _with_ends(path.to(latents.dtype), latents[0], latents[1], weights)


def _aside(weights: Tensor, like: Tensor) -> Tensor:
    """Return weights as float64 that broadcast over the steps of a path."""
    return weights.to(device=like.device, dtype=torch.float64).reshape(-1, *[1] * like.dim())


def _with_ends(path: Tensor, source: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Put the very ends where the weights ask for them: sines and cosines round."""
    share = _aside(weights, source)
    return torch.where(share == 0.0, source, torch.where(share == 1.0, target, path))


def _unit(vector: Tensor) -> Tensor:
    return vector / torch.linalg.vector_norm(vector)


def _perpendicular(direction: Tensor) -> Tensor:
    """Return the part of the least aligned axis that is perpendicular to a direction."""
    axis = torch.zeros_like(direction)
    axis[direction.abs().argmin()] = 1.0
    return axis - (axis @ direction) * direction
