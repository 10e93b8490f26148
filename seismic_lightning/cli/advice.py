"""Say aloud what a user would otherwise only notice after a training."""

from omegaconf import DictConfig, OmegaConf

ACT_BY_REFERENCE = (
    "beta", "devices", "archive_dir", "dataset_dir", "orientation", "n_workers", "window", "select", "split",
)  # fmt: skip
"""Knobs and groups that do nothing by themselves: an option of another group has to refer to them."""


def knobs_without_effect(config: DictConfig, overrides: list[str]) -> list[str]:
    """Return the overrides that nothing in the composed configuration refers to.

    Args:
        config: The composed configuration; its interpolations must be unresolved.
        overrides: What the user typed.

    Example:
        >>> config = OmegaConf.create({"beta": 0.5, "model": {"latent_size": 128}})
        >>> knobs_without_effect(config, ["beta=0.5"])
        ['beta=0.5']
    """
    text = OmegaConf.to_yaml(config, resolve=False)
    return [
        override
        for override in overrides
        if (knob := override.split("=")[0].split(".")[0]) in ACT_BY_REFERENCE and f"${{{knob}}}" not in text
    ]
