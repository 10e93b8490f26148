"""Build objects that a configuration names, from a short list of packages only.

A configuration folder is code, and Hydra's own blocklist is no boundary; this allowlist keeps a copied
override from calling something that was never meant to be called.
"""

from collections.abc import Iterator
from typing import Any

import hydra.utils
from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from seismic_lightning.errors import ConfigurationError, SeismicLightningError

ALLOWED = ("seismic_lightning.", "torch.optim.", "lightning.")


def instantiate(config: DictConfig, **arguments: Any) -> Any:  # noqa: ANN401 - whatever the target builds
    """Build the object that ``config._target_`` names.

    Args:
        config: A node with a ``_target_``; nested targets are built too, other nodes become plain containers.
        **arguments: Further arguments, taken as they are.

    Raises:
        ConfigurationError: The target is not allowed, or refuses its arguments.
    """
    for key, target in _targets(OmegaConf.to_container(config, resolve=True), ""):
        _check(key, target)
    try:
        return hydra.utils.instantiate(config, _convert_="object", **arguments)
    except InstantiationException as error:
        if isinstance(error.__cause__, SeismicLightningError):
            raise error.__cause__ from None
        raise ConfigurationError(f"{config.get('_target_')}: {error.__cause__ or error}") from error


def instantiate_each(config: DictConfig) -> list[Any]:
    """Build every node of a group that is a dictionary of named targets; a null node is left out."""
    return [instantiate(node) for node in config.values() if node is not None]


def _check(key: str, target: str) -> None:
    """Refuse a target outside the allowed packages, also one that is only reachable through them."""
    reached = ""
    if target.startswith(ALLOWED):
        try:
            reached = f"{hydra.utils.get_object(target).__module__}."
        except (ImportError, AttributeError, ValueError, InstantiationException) as error:
            raise ConfigurationError(f"{key}_target_={target} does not exist: {error}") from error
    if not reached.startswith(ALLOWED):
        raise ConfigurationError(
            f"{key}_target_={target} is not allowed; targets live in {', '.join(ALLOWED)}"
        )


def _targets(node: Any, key: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a plain tree of anything
    if isinstance(node, dict):
        if "_target_" in node:
            yield key, str(node["_target_"])
        for name, value in node.items():
            yield from _targets(value, f"{key}{name}.")
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value, key)
