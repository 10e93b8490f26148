"""The posteriors of a split, kept so that training a diffusion model costs no encoder."""

import torch
from torch import Tensor

from seismic_lightning.nn.noise import Noise, RecordNoise, normal_like


class LatentCache:
    """Mean and log-variance of the latent of each record, found again by the record's row in the dataset.

    Attributes:
        mean: ``(n, *latent_shape)``.
        log_var: ``(n, *latent_shape)``; None where posteriors are points.
    """

    def __init__(self, rows: Tensor, mean: Tensor, log_var: Tensor | None) -> None:
        """Keep the latents.

        Args:
            rows: ``(n,)`` int64 rows in the dataset, each once.
            mean: ``(n, *latent_shape)``.
            log_var: The same, or None.
        """
        self.mean, self.log_var = mean, log_var
        self._place = torch.full((int(rows.max()) + 1,), -1, device=rows.device)
        self._place[rows] = torch.arange(len(rows), device=rows.device)

    def sample(self, rows: Tensor, generator: Noise | RecordNoise) -> Tensor:
        """Draw a latent for each record from its posterior.

        Args:
            rows: ``(B,)`` rows in the dataset.
            generator: Source of the noise.

        Returns:
            ``(B, *latent_shape)``.
        """
        place = self._place[rows]
        mean = self.mean[place]
        if self.log_var is None:
            return mean
        return mean + torch.exp(0.5 * self.log_var[place]) * normal_like(mean, generator)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of each channel, ``(C, 1, 1)`` both.

        A channel at a time, in double precision: the copies take a channel's share of the latents.
        """
        means, variances = [], []
        for channel in range(self.mean.shape[1]):
            variance, mean = torch.var_mean(self.mean[:, channel].double(), correction=0)
            if self.log_var is not None:
                variance = variance + self.log_var[:, channel].double().exp().mean()
            means.append(mean)
            variances.append(variance)
        mean, std = torch.stack(means), torch.stack(variances).sqrt()
        return mean[:, None, None].float(), std[:, None, None].float()
