"""``seismic-interpolate``: from one record or request to another, step by step through a model."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.cli.generate import inventory, read
from seismic_lightning.cli.generation_schema import InterpolateConfig
from seismic_lightning.cli.launch import launch
from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from torch import Generator

    from seismic_lightning.generation.interpolate import Ends
    from seismic_lightning.generation.trained import Trained
    from seismic_lightning.generation.wanted import Wanted
    from seismic_lightning.generation.write_steps import Between

log = logging.getLogger(__name__)

_ENDS = ("source", "target")
_OF_DRAWS = ("temperature", "sampler")


def main() -> None:
    """Run the command."""
    launch(interpolate, "interpolate", InterpolateConfig, logs_refusals=False)


def interpolate(config: DictConfig) -> None:
    """Write the steps between two records, or two requests.

    Args:
        config: A composed ``InterpolateConfig``.

    Raises:
        CheckpointError: There is no such checkpoint, or it lacks what waveforms need.
        ConfigurationError: A setting cannot be used.
        DatasetError: A record is not there, or not of the model's kind.
    """
    of_records = check(config)
    from seismic_lightning.generation.draw import DrawSettings
    from seismic_lightning.generation.files import check_vacant
    from seismic_lightning.generation.generate import Generation
    from seismic_lightning.generation.interpolate import steps_between, waveforms_of
    from seismic_lightning.generation.step_records import step_records
    from seismic_lightning.generation.write_steps import StepsMade, write_steps

    settings = DrawSettings(
        temperature=config.temperature,
        sampler=config.sampler,
        phase=config.phase,
        allow_far=config.allow_far,
    )
    output_dir = Path(config.output_dir)
    check_vacant(output_dir)
    trained = read(config.ckpt_path, Path(config.runs_dir), config.device)
    trained.steer(config.n_steps, config.solver, config.guidance)
    ends, between = (_records if of_records else _requests)(config, trained)
    residual, phases = _sources_of_noise(config.seed, trained)
    steps = steps_between(trained, ends, config.steps, residual)
    records = step_records(trained, steps.metadata, between.name)
    between.document["warnings"].extend(Generation(trained, records, settings).warnings())
    for line in between.document["warnings"]:
        log.warning(line)
    waveforms = waveforms_of(trained, steps, phases, n_iterations=settings.n_iterations)
    with progress_bar("writing") as advance:
        folder = write_steps(
            output_dir, trained, StepsMade(steps, records, waveforms), between, progress=advance
        )
    say(
        f"{config.steps} synthetic records from {between.source} to {between.target} in {folder}; "
        "interpolation.png shows them."
    )


def check(config: DictConfig) -> bool:
    """Refuse settings that make no two ends.

    Args:
        config: A composed ``InterpolateConfig``.

    Returns:
        Whether the ends are records of a dataset; else they are requests.

    Raises:
        ConfigurationError: Naming the setting and what is accepted.
    """
    if config.ckpt_path is None or config.output_dir is None:
        raise ConfigurationError(
            "seismic-interpolate needs ckpt_path=<file, last or best> and output_dir=<folder to make>."
        )
    if config.steps < 2:
        raise ConfigurationError(f"steps={config.steps}: give 2 or more; both ends are steps")
    if config.seed < 0:
        raise ConfigurationError(f"seed={config.seed} cannot be used: give 0 or a positive whole number.")
    kinds = {name: _kind(config[name]) for name in _ENDS}
    if config.scenarios is not None:
        taken = [name for name in (*_ENDS, "dataset_dir") if kinds.get(name, config.get(name)) is not None]
        if taken:
            raise ConfigurationError(
                f"scenarios={config.scenarios} holds source and target: leave out {', '.join(taken)}"
            )
        return False
    if "a record" not in kinds.values() and config.dataset_dir is None:
        return False
    if set(kinds.values()) == {"a record"}:
        if config.dataset_dir is None:
            raise ConfigurationError(
                f"source={config.source} and target={config.target} are records: give their dataset_dir"
            )
        return True
    said = ", ".join(f"{name} is {kind or 'not given'}" for name, kind in kinds.items())
    raise ConfigurationError(
        f"{said}: give two records, dataset_dir=... source=ROW target=ROW, or two requests and no dataset_dir"
    )


def _kind(end: object) -> str | None:
    """Say what an end is."""
    if isinstance(end, DictConfig):
        return "a request" if any(value is not None for value in end.values()) else None
    return None if end is None else "a record"


def _sources_of_noise(seed: int, trained: "Trained") -> "tuple[Generator, Generator]":
    """Return the generators of the residual and of the first phases, neither of which repeats a latent's."""
    import torch

    from seismic_lightning.nn.noise import keyed_generator

    return keyed_generator(torch.device("cpu"), seed, 1), keyed_generator(trained.device, seed, 2)


def _records(config: DictConfig, trained: "Trained") -> "tuple[Ends, Between]":
    """Encode two records of a dataset."""
    from seismic_lightning.curation.store import open_dataset
    from seismic_lightning.data.condition import station_names
    from seismic_lightning.generation.dataset_records import find_row
    from seismic_lightning.generation.interpolate import ends_of_records
    from seismic_lightning.generation.write_steps import Between

    dataset = open_dataset(config.dataset_dir)
    rows = (find_row(dataset, config.source), find_row(dataset, config.target))
    usual = InterpolateConfig()
    idle = [f"{name}={config[name]}" for name in _OF_DRAWS if config[name] != getattr(usual, name)]
    warnings = [f"{', '.join(idle)} has no effect between records, which are not drawn"] if idle else []
    if rows[0] == rows[1]:
        warnings.append(f"source and target are the same record, row {rows[0]}: all steps will be the same")
    ends = ends_of_records(trained, dataset, rows)
    events = ends.metadata["source_id"].astype(str)
    stations = station_names(ends.metadata)
    source, target = (f"{event}/{station}" for event, station in zip(events, stations, strict=True))
    warnings.extend(_of_stations(ends))
    made_of = {"dataset_id_of_records": dataset.dataset_id, "rows": list(rows)}
    return ends, Between(source, target, {**_settings(config), **made_of, "warnings": warnings})


def _requests(config: DictConfig, trained: "Trained") -> "tuple[Ends, Between]":
    """Draw latents for two requests."""
    from seismic_lightning.generation.interpolate import ends_of_requests
    from seismic_lightning.generation.request import Manner, request_table
    from seismic_lightning.generation.write_steps import Between

    source, target = _wanted(config)
    seeds = (source.seed, target.seed)
    options = {name: config[name] for name in _OF_DRAWS}
    manner = Manner(inventory(config.stations), allow_far=config.allow_far)
    table = request_table(trained, [source, target], manner)
    ends = ends_of_requests(trained, table, seeds, **options)
    warnings = _of_stations(ends)
    if source == target:
        warnings.append("source and target are the same request of one seed: all steps will be the same")
    document = {**_settings(config), "seeds": list(seeds), "warnings": warnings}
    return ends, Between(_named(source), _named(target), document)


def _of_stations(ends: "Ends") -> list[str]:
    """Say what becomes of two stations, between which there is none."""
    from seismic_lightning.data.condition import station_names

    source, target = station_names(ends.metadata)
    said = f"the stations differ: all steps stand at {source} but the last, the target at {target}"
    return [] if source == target else [said]


def _wanted(config: DictConfig) -> "tuple[Wanted, Wanted]":
    """Read two requests, from the command or from a file; each has a seed of its own where none is given."""
    from seismic_lightning.generation.wanted import parse, read_scenarios

    if config.scenarios is None:
        source, target = (
            parse({"seed": config.seed + place, **_given(config[name])}, f"{name}.")
            for place, name in enumerate(_ENDS)
        )
        return source, target
    path = Path(config.scenarios)
    drawn = [read_scenarios(path, {"seed": config.seed + place}) for place, _ in enumerate(_ENDS)]
    if len(drawn[0]) != len(_ENDS):
        raise ConfigurationError(
            f"scenarios={config.scenarios}: has {len(drawn[0])} rows; give two, source and target"
        )
    return drawn[0][0], drawn[1][1]


def _given(end: object) -> dict[str, Any]:
    if not isinstance(end, DictConfig):
        return {}
    values = OmegaConf.to_container(end)
    assert isinstance(values, dict)
    return {str(name): value for name, value in values.items() if value is not None}


def _named(wanted: "Wanted") -> str:
    if wanted.magnitude is None:
        return f"seed {wanted.seed}"
    place = f"{wanted.latitude_deg:g} N {wanted.longitude_deg:g} E, {wanted.depth_km:g} km"
    return f"M {wanted.magnitude:g} at {place}, {wanted.station} (seed {wanted.seed})"


def _settings(config: DictConfig) -> dict[str, Any]:
    return {"settings": {name: config[name] for name in ("steps", "seed", *_OF_DRAWS, "phase", "allow_far")}}


if __name__ == "__main__":
    main()
