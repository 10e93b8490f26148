"""``seismic-generate``: from a trained model and a request to files like an observatory's."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.cli.device import device_of
from seismic_lightning.cli.generation_schema import GenerateConfig
from seismic_lightning.cli.launch import launch
from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from seismic_lightning.generation.trained import Trained
    from seismic_lightning.generation.wanted import Wanted
    from seismic_lightning.records.inventory import Inventory

log = logging.getLogger(__name__)


def main() -> None:
    """Run the command."""
    launch(generate, "generate", GenerateConfig, logs_refusals=False)


def generate(config: DictConfig) -> None:
    """Generate records.

    Args:
        config: A composed ``GenerateConfig``.

    Raises:
        ConfigurationError: Something was not named, or a setting cannot be used.
        CheckpointError: The checkpoint cannot be used.
    """
    if config.ckpt_path is None or config.output_dir is None:
        raise ConfigurationError(
            "seismic-generate needs ckpt_path=<file, last or best> and output_dir=<folder to make>."
        )
    wanted = requests(config)
    # Here: refusals of what was typed need no torch.
    from seismic_lightning.generation.draw import DrawSettings
    from seismic_lightning.generation.files import check_vacant
    from seismic_lightning.generation.generate import prepare
    from seismic_lightning.generation.request import Manner

    output_dir = Path(config.output_dir)
    check_vacant(output_dir)
    trained = read(config.ckpt_path, Path(config.runs_dir), config.device)
    trained.steer(config.n_steps, config.solver, config.guidance)
    settings = DrawSettings(
        temperature=config.temperature,
        sampler=config.sampler or trained.sampler,
        phase=config.phase,
        same_noise=config.same_noise,
        allow_far=config.allow_far,
    )
    manner = Manner(inventory(config.stations), config.location_code, config.unit, config.allow_far)
    generation = prepare(trained, wanted, settings, manner)
    for line in generation.warnings():
        log.warning(line)
    if config.sampler is None and trained.lacks_density:
        log.warning(
            "%s holds no density of its training posteriors, as after a training that did not end: latents "
            "come from the prior",
            trained.path,
        )
    with progress_bar("generating") as advance:
        generated = generation.write(output_dir, advance)
    say(f"{generated.n_records} synthetic records in {generated.unit} in {generated.folder}.")


def requests(config: DictConfig) -> "list[Wanted]":
    """Return what is asked for, checked as far as no model is needed.

    Args:
        config: A composed ``GenerateConfig``.

    Raises:
        ConfigurationError: Naming the setting, or the line of the file, and what is accepted.
    """
    from seismic_lightning.generation.wanted import NEEDED, OPTIONAL, parse, read_scenarios

    own: Mapping[str, Any] = {name: config[name] for name in (*NEEDED, *OPTIONAL)}
    if config.scenarios is None:
        return [parse(own)]
    given = [f"{name}={own[name]}" for name in NEEDED if own[name] is not None]
    if given:
        raise ConfigurationError(
            f"{', '.join(given)}: scenarios={config.scenarios} has a column for it; leave out the one or the "
            "other"
        )
    return read_scenarios(Path(config.scenarios), {name: own[name] for name in OPTIONAL})


def read(ckpt_path: str, runs_dir: Path, device: str) -> "Trained":
    """Read the checkpoint that is meant.

    Args:
        ckpt_path: A file, or ``last`` or ``best`` of the newest training.
        runs_dir: Where trainings lie.
        device: Where the model works, such as ``cpu`` or ``cuda``.

    Raises:
        CheckpointError: There is none, or it cannot be used.
        ConfigurationError: There is no such device.
    """
    from hydra.core.hydra_config import HydraConfig

    from seismic_lightning.cli.resume import resolve_checkpoint
    from seismic_lightning.generation.trained import Trained

    device = device_of(device)
    run_dir = Path(HydraConfig.get().runtime.output_dir)
    path = resolve_checkpoint(ckpt_path, run_dir, runs_dir, "train")
    assert path is not None  # only where no checkpoint was named
    return Trained.read(path, device)


def inventory(stations: str | None) -> "Inventory | None":
    """Read station metadata, where they are named.

    Args:
        stations: File; None for none.

    Raises:
        ArchiveError: It cannot be read.
    """
    if stations is None:
        return None
    from seismic_lightning.records.stations import read_stations

    return read_stations(Path(stations))


if __name__ == "__main__":
    main()
