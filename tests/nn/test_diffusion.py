"""Diffusion where the answer is known: latents that are standard normal themselves."""

import math

import pytest
import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.diffusion import (
    Edm,
    Flow,
    Network,
    Process,
    check_sampling,
    integrate,
    make_process,
)

N_RECORDS = 4096


def knows_nothing(noisy: Tensor, level: Tensor) -> Tensor:
    """Return zeros: to the preconditioned denoiser all that can be known of standard normal latents."""
    return torch.zeros_like(noisy)


def ideal_velocity(noisy: Tensor, level: Tensor) -> Tensor:
    """Return the expected velocity where latents are standard normal."""
    t = level[:, None]
    return noisy * (2.0 * t - 1.0) / ((1.0 - t) ** 2 + t**2)


IDEAL: list[tuple[Process, Network]] = [(Edm(), knows_nothing), (Flow(), ideal_velocity)]
every_process = pytest.mark.parametrize(("process", "network"), IDEAL, ids=["edm", "flow"])


def drawn(process: Process, network: Network, n_steps: int, solver: str) -> tuple[Tensor, Tensor]:
    """Return noise, and the latents that it becomes, in float64."""
    noise = torch.randn(64, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def slope(noisy: Tensor, level: Tensor) -> Tensor:
        return process.slope(lambda x, where: network(x, where).double(), noisy, level)

    levels = process.levels(n_steps).double()
    return noise, integrate(slope, noise * process.spread_at_top, levels, solver)


@every_process
def test_the_ideal_network_turns_noise_into_itself(process: Process, network: Network) -> None:
    noise, latent = drawn(process, network, 100, "heun")
    torch.testing.assert_close(latent, noise, rtol=2e-3, atol=0.0)


@every_process
def test_heun_is_of_second_order_and_euler_of_first(process: Process, network: Network) -> None:
    def error(n_steps: int, solver: str) -> float:
        noise, latent = drawn(process, network, n_steps, solver)
        exact = noise * process.spread_at_top / math.hypot(process.spread_at_top, process.top == 80.0)
        return float((latent - exact).abs().max())

    assert 1.7 < error(100, "euler") / error(200, "euler") < 2.4
    assert error(200, "heun") < 0.1 * error(200, "euler")
    assert error(100, "heun") / error(200, "heun") > 1.9


@every_process
def test_a_network_without_knowledge_costs_one(process: Process, network: Network) -> None:
    generator = torch.Generator().manual_seed(1)
    latent, noise = (torch.randn(N_RECORDS, 4, generator=generator) for _ in range(2))
    levels = process.draw_levels(torch.randn(N_RECORDS, generator=generator))
    losses = process.losses(knows_nothing, latent, noise, levels)
    assert losses.shape == (N_RECORDS,)
    assert float(losses.mean()) == pytest.approx(1.0, abs=0.05)
    assert float(process.losses(network, latent, noise, levels).mean()) <= float(losses.mean()) + 1e-6


def test_the_noise_levels_are_those_of_karras_et_al() -> None:
    """Equation 5 for 18 steps, as their table of sampling steps has it."""
    levels = Edm().levels(18)
    torch.testing.assert_close(
        levels[:5], torch.tensor([80.0, 57.586, 40.7856, 28.3748, 19.3519]), rtol=1e-4, atol=0.0
    )
    assert float(levels[-2]) == pytest.approx(0.002)
    assert float(levels[-1]) == 0.0
    assert bool((levels.diff() < 0).all())


@pytest.mark.parametrize("process", [Edm(), Flow()])
def test_half_of_the_training_has_more_noise_than_latent(process: Process) -> None:
    median = float(process.draw_levels(torch.zeros(1)))
    assert median == pytest.approx(1.0 if isinstance(process, Edm) else 0.5)
    ordered = process.draw_levels(torch.linspace(-3.0, 3.0, 7))
    assert bool((ordered.diff() > 0).all())


@pytest.mark.parametrize("name", ["edm", "flow"])
def test_the_mean_of_the_noise_can_be_chosen(name: str) -> None:
    """The logistic function of ln(noise / latent) is the level of a flow."""
    median = float(make_process(name, mean_log_noise=0.5).draw_levels(torch.zeros(1)))
    ratio = median if name == "edm" else median / (1.0 - median)
    assert math.log(ratio) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((0, "heun", 1.0), r"n_steps=0: give 1 or more"),
        ((25, "rk45", 1.0), r"solver=rk45: choose heun or euler"),
        ((25, "heun", -1.0), r"guidance=-1\.0: give a number of 0 or more"),
        ((25, "heun", math.inf), r"guidance=inf"),
    ],
)
def test_settings_that_draw_nothing_are_refused(settings: tuple[int, str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_sampling(*settings)


def test_an_unknown_process_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"model\.process=ddpm: choose one of edm, flow"):
        make_process("ddpm")
    with pytest.raises(ConfigurationError, match=r"model\.mean_log_noise=nan: give a number, such as 0"):
        make_process("edm", mean_log_noise=math.nan)
