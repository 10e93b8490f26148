"""Magnitude, hypocentre and station of a record as one vector of features."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError

STATION_SIZE = 16
"""Dimensions of a station's embedding."""
CONDITION_SIZE = 64
"""Features ``K`` of an encoded condition."""


class ConditionEncoder(nn.Module):
    """Embed the station, append magnitude and location, and mix them in a small network.

    Place 0 of the vocabulary, a station unseen in training, has no row of its own: no record could train it.
    It stands at the mean of all trained stations instead, which needs no randomness and moves with them.
    """

    def __init__(self, n_stations: int, n_location: int = 3) -> None:
        """Build the layers.

        Args:
            n_stations: Size of the station vocabulary, place 0 included.
            n_location: Figures that tell where the source is.

        Raises:
            ConfigurationError: If the vocabulary knows no station.
        """
        super().__init__()
        if n_stations < 2:
            raise ConfigurationError(
                f"a condition needs a known station beside place 0 of the vocabulary, got {n_stations=}"
            )
        self.known_stations = nn.Parameter(torch.randn(n_stations - 1, STATION_SIZE))
        n_scalars = 1 + n_location  # magnitude and place
        self.mix = nn.Sequential(
            nn.Linear(n_scalars + STATION_SIZE, CONDITION_SIZE),
            nn.ReLU(inplace=True),
            nn.Linear(CONDITION_SIZE, CONDITION_SIZE),
        )

    def stations(self) -> Tensor:
        """Return the embeddings of the whole vocabulary, ``(n_stations, STATION_SIZE)``."""
        return torch.cat([self.known_stations.mean(0, keepdim=True), self.known_stations])

    def forward(self, condition: Condition) -> Tensor:
        """Encode conditions.

        Args:
            condition: Scaled conditions of ``B`` records.

        Returns:
            ``(B, K)`` features.
        """
        station = F.embedding(condition.station, self.stations())
        scalars = torch.cat([condition.magnitude[:, None], condition.location], dim=1)
        features: Tensor = self.mix(torch.cat([scalars.to(station.dtype), station], dim=1))
        return features
