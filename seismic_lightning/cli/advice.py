"""Say aloud what a user would otherwise only notice after a training."""

import math
from collections.abc import Iterable

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.errors import ConfigurationError

ACT_BY_REFERENCE = (
    "beta", "devices", "num_nodes", "archive_dir", "dataset_dir", "orientation", "components", "n_workers",
    "window", "select", "split", "start", "end", "region", "fdsn", "catalogue", "bulletins", "events_url",
)  # fmt: skip
"""Knobs and groups that do nothing by themselves: an option of another group has to refer to them."""
RESIDENT = ("auto", "true", "false")
"""Whether raw samples live on the training device."""


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
        if (knob := override.lstrip("+~").split("=")[0].split(".")[0]) in ACT_BY_REFERENCE
        and f"${{{knob}}}" not in text
    ]


def words_on_conditions(config: DictConfig, is_conditional: bool) -> list[str]:
    """Return what is to be said of conditions that tell too much, or that nobody hears.

    Args:
        config: The composed configuration.
        is_conditional: Whether the model depends on conditions.
    """
    words = []
    if is_conditional and config.preprocess.magnitude_edges:
        words.append(
            "The passband depends on the magnitude here and gives it away to a conditional model: choose "
            "preprocess=fixed_band."
        )
    if not is_conditional and config.condition.features != "location":
        words.append(
            f"condition={config.condition.features} has no effect here: the model takes no condition."
        )
    return words


def word_on_quantities(families: Iterable[str], units: str) -> str | None:
    """Return what is to be said of velocity and acceleration in one dataset of counts.

    Args:
        families: Channel families of the records.
        units: ``preprocess.units``.

    Example:
        >>> word_on_quantities(["HH", "HN"], "velocity")
        >>> str(word_on_quantities(["HH", "HN"], "counts"))[:27]
        'Counts of acceleration (HN)'
    """
    present = sorted(set(families))
    accelerometers = [family for family in present if family.endswith("N")]
    if units != "counts" or not accelerometers or len(accelerometers) == len(present):
        return None
    return (
        f"Counts of acceleration ({', '.join(accelerometers)}) and of velocity stand side by side here and "
        "are not comparable: choose preprocess.units=velocity, or select.families."
    )


def check_ranges(config: DictConfig) -> None:
    """Refuse numbers that no training can use.

    Args:
        config: The composed configuration.

    Raises:
        ConfigurationError: Naming the setting and what is accepted.
    """
    accepted = {
        "seed": (0 <= config.seed < 2**32, "a whole number from 0 to 4294967295"),
        "beta": (math.isfinite(config.beta) and config.beta >= 0, "a number of 0 or more"),
        "data.batch_size": (config.data.batch_size >= 1, "1 or more"),
        "data.resident": (str(config.data.resident).lower() in RESIDENT, "auto, true or false"),
        "num_nodes": (config.num_nodes >= 1, "1 or more"),
        "trainer.log_every_n_steps": (config.trainer.log_every_n_steps >= 1, "1 or more"),
        "trainer.accumulate_grad_batches": (config.trainer.accumulate_grad_batches >= 1, "1 or more"),
        "trainer.gradient_clip_val": ((config.trainer.gradient_clip_val or 0) >= 0, "a number of 0 or more"),
    }
    for key, (fits, what) in accepted.items():
        if not fits:
            raise ConfigurationError(f"{key}={OmegaConf.select(config, key)} cannot be used: give {what}.")
