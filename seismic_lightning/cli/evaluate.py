"""``seismic-evaluate``: are a model's records earthquakes? An error budget between guesses and ceilings."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from seismic_lightning.cli.console import progress_of_steps, say
from seismic_lightning.cli.device import device_of
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import EvaluateConfig
from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from seismic_lightning.curation.store import CuratedDataset
    from seismic_lightning.evaluation.evaluate import EvaluationSettings
    from seismic_lightning.evaluation.result import Evaluation
    from seismic_lightning.generation.trained import Trained

log = logging.getLogger(__name__)


def main() -> None:
    """Run the command."""
    launch(evaluate, "evaluate", EvaluateConfig)


def evaluate(config: DictConfig) -> None:
    """Judge one checkpoint by one dataset, and write what was found in the run's folder.

    Args:
        config: A composed ``EvaluateConfig``.

    Raises:
        ConfigurationError: Checkpoint or dataset was not named, or a setting cannot be used.
    """
    settings = checked(config)
    from seismic_lightning.cli.resume import resolve_checkpoint
    from seismic_lightning.curation.store import open_dataset
    from seismic_lightning.evaluation.board import main_table, write_board
    from seismic_lightning.evaluation.files import write_evaluation
    from seismic_lightning.evaluation.report import write_report
    from seismic_lightning.evaluation.report_standing import worse_than_mean
    from seismic_lightning.generation.trained import Trained

    run_dir = Path(config.paths.run_dir)
    device = device_of(config.device)
    path = resolve_checkpoint(config.ckpt_path, run_dir, Path(config.output_dir), "train")
    dataset = open_dataset(Path(config.dataset_dir))
    training = None if config.training_dir is None else open_dataset(Path(config.training_dir))
    trained = Trained.read(Path(str(path)), device)
    trained.steer(config.n_steps, config.solver, config.guidance)
    evaluation = run(trained, dataset, settings, training)
    write_evaluation(evaluation, run_dir)
    write_board(evaluation, run_dir)
    report = write_report(evaluation, run_dir)
    warnings = worse_than_mean(evaluation.budget)
    say(
        main_table(evaluation, f"{path} judged by {dataset.root}"),
        *(note for note in evaluation.notes if note not in warnings),
        f"evaluation.json, budget.csv and bins.csv are in {run_dir}.",
        f"report     {report}",
        f"dashboard  tensorboard --logdir {config.output_dir}",
    )
    for line in warnings:
        log.warning(line)


def run(
    trained: "Trained",
    dataset: "CuratedDataset",
    settings: "EvaluationSettings",
    training: "CuratedDataset | None",
) -> "Evaluation":
    """Evaluate with a progress bar.

    Args:
        trained: The checkpoint.
        dataset: Whose records are answered.
        settings: How.
        training: The dataset that the model was trained on, where it is another one.
    """
    from seismic_lightning.evaluation.evaluate import evaluate as judged

    with progress_of_steps() as progress:
        return judged(trained, dataset, settings, training=training, progress=progress)


def checked(config: DictConfig) -> "EvaluationSettings":
    """Refuse settings that no evaluation can use.

    Args:
        config: A composed ``EvaluateConfig``.

    Returns:
        The settings of the evaluation.

    Raises:
        ConfigurationError: Naming the setting and what is accepted.
    """
    if config.ckpt_path is None or config.dataset_dir is None:
        raise ConfigurationError(
            "seismic-evaluate needs ckpt_path=<file, last or best> and dataset_dir=<folder that "
            "seismic-curate wrote>."
        )
    from seismic_lightning.evaluation.evaluate import EvaluationSettings
    from seismic_lightning.generation.draw import PHASES

    if config.phase not in PHASES:
        raise ConfigurationError(f"phase={config.phase}: choose one of {', '.join(PHASES)}.")
    return EvaluationSettings(
        subset=config.subset,
        max_records=config.max_records,
        max_training_records=config.max_training_records,
        n_draws=config.n_draws,
        n_iterations=PHASES[config.phase],
        temperature=config.temperature,
        seed=config.seed,
    )


if __name__ == "__main__":
    main()
