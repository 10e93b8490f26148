"""A trained model with all that turns its output into waveforms: a checkpoint, and nothing else.

The checkpoint says how records were preprocessed, transformed and scaled, what a condition means, where P
lies in the window and in what unit samples are.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd
import torch
from torch import Tensor

from seismic_lightning.batch import Condition
from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.data.hull import TrainingHull
from seismic_lightning.data.trained_on import DATA_KEY, DataOfCheckpoint
from seismic_lightning.errors import CheckpointError, ConfigurationError
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.generative import GenerativeAutoencoder
from seismic_lightning.models.latent_diffusion import LatentDiffusion
from seismic_lightning.models.load import model_of
from seismic_lightning.nn.noise import Noise
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.phase import FAST_ITERATIONS, Admm, PhaseMethod

_FLAT_FROM = 0.1
"""Part of a band's high corner that stands for a low corner of 0 Hz."""


@dataclass(frozen=True)
class Trained:
    """What a checkpoint holds.

    Attributes:
        path: Its file.
        model: The model in evaluation mode.
        front: Preprocessing, STFT and scaling, without the instruments of any dataset.
        conditions: Scales of conditions and the station vocabulary.
        conditional: Whether its model is told magnitude, place and station.
        unit: ``counts``, ``mps`` or ``mps2``: the unit of waveforms.
        components: Components of every record in their order.
        before_p_s: Time from the first sample to P.
        length_s: Length of a record.
        dataset_id: Content address of the dataset it was trained on.
        hull: What the training split reached; None in checkpoints that do not say it.
    """

    path: Path
    model: SpectrogramAutoencoder
    front: SpectrogramFront
    conditions: ConditionScaling
    conditional: bool
    unit: str
    components: str
    before_p_s: float
    length_s: float
    dataset_id: str
    hull: TrainingHull | None

    @classmethod
    def read(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read a checkpoint.

        Args:
            path: File written by training.
            device: Where the model and the transforms work.

        Raises:
            CheckpointError: The file is missing or damaged, is no checkpoint of this package, or lacks what
                waveforms need.
        """
        path = Path(path)
        checkpoint = read_checkpoint(path, device)
        data = DataOfCheckpoint.of(checkpoint, str(path))
        if data.unit is None or data.window is None:
            lacking = "unit" if data.unit is None else "window"
            raise CheckpointError(
                f"{path}: does not say the {lacking} of its records ({DATA_KEY}.{lacking}), which waveforms "
                "need; train again, or give a checkpoint of a later training"
            )
        model = model_of(checkpoint, path)
        return cls(
            path=path,
            model=model,
            front=SpectrogramFront.from_settings(data.front).to(device),
            conditions=ConditionScaling.from_settings(dict(data.conditions)),
            conditional=model.is_conditional,
            unit=data.unit,
            components=data.components,
            before_p_s=float(data.window["before_p_s"]),
            length_s=float(data.window["length_s"]),
            dataset_id=data.dataset_id,
            hull=data.hull,
        )

    @property
    def units(self) -> str:
        """Return the word of ``preprocess.units``: ``counts``, ``sensitivity`` or ``velocity``."""
        return self.front.preprocess.settings.units

    @property
    def rate_hz(self) -> float:
        """Return the sampling rate of waveforms."""
        return self.front.preprocess.settings.sampling_rate_hz

    @property
    def n_samples(self) -> int:
        """Return the length ``N`` of waveforms."""
        return self.front.preprocess.n_samples(self.length_s)

    @property
    def device(self) -> torch.device:
        """Return where the model works."""
        return self.model.device

    @property
    def sampler(self) -> str:
        """Return where records are best drawn from: the density of training posteriors, where held."""
        held = isinstance(self.model, GenerativeAutoencoder) and self.model.aggregate is not None
        return "aggregate" if held else "prior"

    @property
    def passing_hz(self) -> float:
        """Return a frequency in Hz in the passbands of training: the middle of what all of them share.

        The middle by logarithm, where a band that begins at 0 Hz counts from a tenth of its end. Bands that
        share nothing leave the middle of the gap between them.
        """
        corners_hz = self.front.preprocess.passbands_hz(self.rate_hz)
        low_hz, high_hz = float(corners_hz[:, 0].max()), float(corners_hz[:, 1].min())
        return math.sqrt(max(low_hz, _FLAT_FROM * high_hz) * high_hz)

    def sha256(self) -> str:
        """Return the checksum of the checkpoint's file, 64 hexadecimal digits."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def condition(self, metadata: pd.DataFrame) -> Condition:
        """Scale the conditions of records, on the model's device.

        Args:
            metadata: Sources and station codes in the dataset's columns; where the condition tells the path,
                also the coordinates of stations that are not in the vocabulary. A model without condition
                looks at the number of rows alone.

        Raises:
            ConfigurationError: A station's place is needed and unknown.
        """
        if not self.conditional:
            nothing = torch.zeros(len(metadata), device=self.device)
            places = torch.zeros(len(metadata), self.conditions.n_location, device=self.device)
            return Condition(nothing, places, nothing.long())
        return Condition(*(part.to(self.device) for part in self.conditions(metadata)))

    def require_draws(self, sampler: str = "prior") -> None:
        """Refuse a model that cannot draw new records.

        Args:
            sampler: Where latents are to come from.

        Raises:
            CheckpointError: ``aggregate`` was asked for and the file holds no density.
            ConfigurationError: There is no such sampler, or the model has no prior; naming the file.
        """
        if not self.model.draws:
            raise ConfigurationError(
                f"{self.path} holds an {type(self.model).__name__}, which has no prior to draw records "
                "from: it can reconstruct only; give the checkpoint of a VAE, CVAE or diffusion model"
            )
        if isinstance(self.model, GenerativeAutoencoder):
            self.model.require_sampler(sampler, f"{self.path}: ")

    @property
    def lacks_density(self) -> bool:
        """Tell whether training was to fit a density of latents and did not."""
        return isinstance(self.model, GenerativeAutoencoder) and self.model.aggregate is None

    @property
    def sampling(self) -> dict[str, int | str | float]:
        """Return steps, solver and guidance of a diffusion model as plain values; nothing of another."""
        if not isinstance(self.model, LatentDiffusion):
            return {}
        denoiser = self.model.denoiser
        return {
            "n_steps": denoiser.n_steps,
            "solver": denoiser.solver,
            "guidance": denoiser.guidance,
        }

    def steer(self, n_steps: int | None, solver: str | None, guidance: float | None) -> None:
        """Choose how a diffusion model makes records; None leaves what its training chose.

        Args:
            n_steps: Steps from noise to latent.
            solver: ``heun`` or ``euler``.
            guidance: Factor on what the condition changes.

        Raises:
            ConfigurationError: The model makes records otherwise, or a setting cannot be used.
        """
        given = {"n_steps": n_steps, "solver": solver, "guidance": guidance}
        asked = ", ".join(f"{name}={value}" for name, value in given.items() if value is not None)
        if not asked:
            return
        if not isinstance(self.model, LatentDiffusion):
            raise ConfigurationError(
                f"{asked}: {self.path} holds a {type(self.model).__name__}, which makes records in one step; "
                "leave it out, or give the checkpoint of a diffusion model"
            )
        denoiser = self.model.denoiser
        denoiser.set_sampling(
            denoiser.n_steps if n_steps is None else n_steps,
            solver or denoiser.solver,
            denoiser.guidance if guidance is None else guidance,
        )

    def generate(
        self,
        metadata: pd.DataFrame,
        *,
        generator: Noise,
        temperature: float = 1.0,
        sampler: str = "prior",
    ) -> Tensor:
        """Draw one new record per row.

        Args:
            metadata: Conditions of the ``B`` records to make; a model without condition looks at their
                number alone.
            generator: Source of all noise, or one for each record.
            temperature: Factor on the spread of latents.
            sampler: ``prior``, or ``aggregate`` for the density fitted to the training posteriors.

        Returns:
            ``(B, C, F, T)`` scaled spectrograms.

        Raises:
            CheckpointError: ``aggregate`` was asked for and none was fitted.
            ConfigurationError: The model cannot draw, or a setting cannot be used.
        """
        return self.model.generate(
            self.condition(metadata), generator=generator, temperature=temperature, sampler=sampler
        )

    @torch.no_grad()
    def reconstruct(self, spectrogram: Tensor, condition: Condition) -> Tensor:
        """Encode records and decode the mode of their posterior, without a residual.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled, on the model's device.
            condition: Scaled conditions of the same records.

        Returns:
            ``(B, C, F, T)``.
        """
        reconstruction: Tensor = self.model(spectrogram, condition)
        return reconstruction.float()

    def waveform(
        self,
        spectrogram: Tensor,
        *,
        n_iterations: int = FAST_ITERATIONS,
        method: PhaseMethod = Admm(),  # noqa: B008 - frozen
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Turn spectrograms into waveforms.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled, as the model makes them.
            n_iterations: Iterations of the phase recovery, which a complex representation does not need.
            method: Way to phases.
            generator: Draws the first phases; None starts without chance.

        Returns:
            ``(B, C, N)`` samples in ``unit`` at ``rate_hz``.
        """
        return self.front.inverse(
            spectrogram, self.n_samples, method=method, n_iterations=n_iterations, generator=generator
        )
