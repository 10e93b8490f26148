"""Only what a configuration is meant to name can be built."""

import pytest
from omegaconf import OmegaConf

from seismic_lightning.cli.instantiate import instantiate
from seismic_lightning.errors import ConfigurationError


def test_an_allowed_target_is_built_with_its_arguments() -> None:
    import torch

    optimizer = instantiate(OmegaConf.create({"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.5}))
    assert optimizer([torch.zeros(1, requires_grad=True)]).defaults["lr"] == 0.5


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.open",
        "torch.load",
        "pandas.read_pickle",
        "seismic_lightning.cli.provenance.subprocess.run",
        "lightning.pytorch.trainer.trainer.os.system",
        "torch.optim.optimizer.torch.load",
    ],
)
def test_other_targets_are_refused_by_name(target: str) -> None:
    with pytest.raises(ConfigurationError, match=r"not allowed|does not exist"):
        instantiate(OmegaConf.create({"_target_": target}))


def test_a_refused_target_is_found_inside_arguments_too() -> None:
    config = OmegaConf.create({"_target_": "torch.optim.Adam", "params": [{"_target_": "os.getcwd"}]})
    with pytest.raises(ConfigurationError, match=r"os\.getcwd is not allowed"):
        instantiate(config)


def test_refused_arguments_name_the_target() -> None:
    config = OmegaConf.create({"_target_": "lightning.pytorch.callbacks.ModelCheckpoint", "save_top_k": -5})
    with pytest.raises(ConfigurationError, match="ModelCheckpoint"):
        instantiate(config)
