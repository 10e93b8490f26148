"""The U-Net and the denoiser around it: shapes, conditions, guidance, and the way to noise and back."""

import pytest
import torch
from torch import Tensor
from torch.autograd import backward

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.denoiser import Denoiser
from seismic_lightning.nn.diffusion import Edm, make_process
from seismic_lightning.nn.unet import UNet

SHAPE = (4, 17, 14)


def told(*magnitudes: float) -> Condition:
    """Return conditions that differ in magnitude alone."""
    magnitude = torch.tensor(magnitudes)
    return Condition(magnitude, torch.zeros(len(magnitude), 3), torch.ones(len(magnitude)).long())


def denoiser(process: str = "edm", *, deaf: bool = False) -> Denoiser:
    """Return one whose last layers no longer are zero."""
    torch.manual_seed(0)
    made = Denoiser(
        SHAPE, [16, 16, 24], process=make_process(process), n_blocks=1, vocabulary=None if deaf else (3, 3)
    ).eval()
    for parameter in made.parameters():
        if not bool(parameter.any()):
            torch.nn.init.normal_(parameter, std=0.05)
    return made


@pytest.mark.parametrize("shape", [(4, 17, 14), (1, 5, 3), (8, 16, 16)])
def test_any_size_of_map_comes_back(shape: tuple[int, int, int]) -> None:
    network = UNet(shape, [8, 16], n_blocks=1, n_condition=6)
    made = network(torch.randn(2, *shape), torch.zeros(2), torch.randn(2, 6))
    assert made.shape == (2, *shape)
    assert not made.any(), "a new network starts at zero"


def test_the_condition_reaches_one_place_more_than_another() -> None:
    network = UNet(SHAPE, [8, 16], n_blocks=1, n_condition=6)
    for name, parameter in network.named_parameters():
        torch.nn.init.normal_(parameter, std=0.0 if name.startswith("told") else 0.05)
    changed = torch.zeros(6)
    changed[0] = 1.0
    noisy, level = torch.zeros(2, *SHAPE), torch.zeros(2)
    with torch.no_grad():
        first, second = network(noisy, level, torch.stack([torch.zeros(6), changed]))
    difference = (first - second).abs().mean(0)
    assert float(difference.std()) > 0.1 * float(difference.mean()) > 0.0


def test_every_weight_learns() -> None:
    made = denoiser()
    latent, noise = torch.randn(2, *SHAPE), torch.randn(2, *SHAPE)
    hidden = torch.tensor([True, False])
    network = made.network(told(0.0, 1.0), hidden)
    backward(made.process.losses(network, latent, noise, torch.tensor([0.3, 1.0])).mean())
    without = [name for name, part in made.named_parameters() if part.grad is None or not part.grad.any()]
    assert without == []


@torch.no_grad()
def test_a_hidden_condition_tells_nothing() -> None:
    made = denoiser()
    noisy = torch.randn(1, *SHAPE).expand(2, -1, -1, -1)
    level = torch.full((2,), 0.5)
    seen = made.network(told(-2.0, 2.0))(noisy, level)
    unseen = made.network(told(-2.0, 2.0), torch.tensor([True, True]))(noisy, level)
    assert float((seen[0] - seen[1]).abs().max()) > 1e-3
    torch.testing.assert_close(unseen[0], unseen[1])


@pytest.mark.parametrize("process", ["edm", "flow"])
def test_guidance_lies_on_the_line_between_untold_and_told(process: str) -> None:
    """For one step of Euler, whose result is linear in the slope."""
    made = denoiser(process)
    noise, condition = torch.randn(2, *SHAPE), told(-1.0, 2.0)

    def latent(guidance: float) -> Tensor:
        made.set_sampling(1, "euler", guidance)
        return made.from_noise(noise, condition)

    untold, full = latent(0.0), latent(1.0)
    assert float((untold - full).abs().max()) > 1e-3
    torch.testing.assert_close(latent(3.0), untold + 3.0 * (full - untold), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("process", ["edm", "flow"])
def test_the_way_to_noise_leads_back(process: str) -> None:
    made = denoiser(process)
    made.set_sampling(50, "heun", 1.0)
    latent, condition = torch.randn(2, *SHAPE), told(0.0, 1.0)
    again = made.from_noise(made.to_noise(latent, condition), condition)
    assert float((again - latent).square().mean().sqrt()) < 0.03


@pytest.mark.parametrize("n_steps", [1, 2, 25])
def test_noise_found_has_unit_variance_however_few_the_steps(n_steps: int) -> None:
    """A new denoiser is the ideal one of standard normal latents."""
    made = Denoiser(SHAPE, [16], process=Edm(), n_blocks=1, vocabulary=None)
    made.set_sampling(n_steps, "heun", 1.0)
    latent = torch.randn(8, *SHAPE, generator=torch.Generator().manual_seed(0))
    noise = made.to_noise(latent, told(*[0.0] * 8))
    assert float(noise.std() / latent.std()) == pytest.approx(1.0, abs=0.03)


def test_a_deaf_denoiser_is_not_guided() -> None:
    made = denoiser(deaf=True)
    made.set_sampling(2, "heun", 1.0)
    assert made.from_noise(torch.randn(1, *SHAPE), told(0.0)).shape == (1, *SHAPE)
    with pytest.raises(ConfigurationError, match=r"guidance=2\.0: this model hears no condition"):
        made.set_sampling(25, "heun", 2.0)


def test_no_blocks_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"model\.n_blocks=0: give 1 or more"):
        Denoiser(SHAPE, [8], process=Edm(), n_blocks=0, vocabulary=None)
