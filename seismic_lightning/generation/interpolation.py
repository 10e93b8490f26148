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


def linear(ends: Tensor, weights: Tensor) -> Tensor:
    """Go straight from one tensor to another.

    Args:
        ends: ``(2, ...)`` of weight 0 and of weight 1.
        weights: ``(S,)`` shares of the second.

    Returns:
        ``(S, ...)`` of the type of the ends; steps of weight 0 and 1 are the ends to the last bit.
    """
    share = _aside(weights, ends)
    path = (1.0 - share) * ends[0].double() + share * ends[1].double()
    return _with_ends(path, ends, share)


def spherical(ends: Tensor, weights: Tensor) -> Tensor:
    """Go from one vector to another along a great circle.

    An end at the origin has no direction and takes the other's: the way is straight. Between opposite ends
    every great circle is as short; the one through the axis that they are least along is taken. On a line
    there is none, and the way leads through the origin.

    Args:
        ends: ``(2, D)`` of weight 0 and of weight 1.
        weights: ``(S,)`` shares of the second.

    Returns:
        ``(S, D)`` of the type of the ends; steps of weight 0 and 1 are the ends to the last bit.

    Example:
        >>> spherical(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([0.5]))
        tensor([[2.1213, 2.1213]])
    """
    lengths = torch.linalg.vector_norm(ends.double(), dim=1)
    if float(lengths.min()) == 0.0:
        return linear(ends, weights)
    along, towards = ends.double() / lengths[:, None]
    cosine = along @ towards
    across = towards - cosine * along
    sine = torch.linalg.vector_norm(across)
    if sine < _ALIGNED:
        if cosine > 0.0 or len(along) == 1:
            return linear(ends, weights)
        across, sine = _perpendicular(along), torch.zeros_like(sine)
    angle = torch.atan2(sine, cosine)
    share = _aside(weights, ends)
    direction = along * torch.cos(share * angle) + _unit(across) * torch.sin(share * angle)
    return _with_ends(((1.0 - share) * lengths[0] + share * lengths[1]) * direction, ends, share)


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
    standardised = (latents.double() - mean[[0, -1]]) / deviation[[0, -1]]
    path = mean + deviation * spherical(standardised, weights)
    return _with_ends(path, latents, _aside(weights, latents))


def _aside(weights: Tensor, ends: Tensor) -> Tensor:
    """Return weights as float64 that broadcast over the steps of a path."""
    return weights.to(device=ends.device, dtype=torch.float64).reshape(-1, *[1] * (ends.dim() - 1))


def _with_ends(path: Tensor, ends: Tensor, share: Tensor) -> Tensor:
    """Put the very ends where the weights ask for them: sines and cosines round."""
    path = path.to(ends.dtype)
    return torch.where(share == 0.0, ends[0], torch.where(share == 1.0, ends[1], path))


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / torch.linalg.vector_norm(vector)
    return unit


def _perpendicular(direction: Tensor) -> Tensor:
    """Return the part of the least aligned axis that is perpendicular to a direction."""
    axis = torch.zeros_like(direction)
    axis[direction.abs().argmin()] = 1.0
    across: Tensor = axis - (axis @ direction) * direction
    return across
