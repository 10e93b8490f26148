"""``seismic-audit``: does a dataset, or a model trained on it, know of the test split what it should not?"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.console import progress_bar, say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.schema import AuditConfig
from seismic_lightning.errors import ConfigurationError, LeakError

if TYPE_CHECKING:
    from seismic_lightning.curation.store import CuratedDataset
    from seismic_lightning.data.trained_on import DataOfCheckpoint
    from seismic_lightning.evaluation.audit_findings import Finding

N_CHECKS, N_CHECKS_OF_CHECKPOINT = 7, 4


def main() -> None:
    """Run the command."""
    launch(audit, "audit", AuditConfig)


def audit(config: DictConfig) -> None:
    """Audit one dataset, and one checkpoint where it is named.

    Args:
        config: A composed ``AuditConfig``.

    Raises:
        ConfigurationError: No dataset was named, or a setting cannot be used.
        LeakError: A check failed.
    """
    from hydra.core.hydra_config import HydraConfig

    check(config, HydraConfig.get().overrides.task)
    from seismic_lightning.curation.store import open_dataset
    from seismic_lightning.evaluation.audit_findings import errors, findings_table, write_findings

    run_dir = Path(config.paths.run_dir)
    dataset = open_dataset(Path(config.dataset_dir))
    checkpoint, trained = read_trained(config.ckpt_path, run_dir, Path(config.output_dir))
    findings = run_checks(config, dataset, trained)
    about = {"dataset_dir": str(dataset.root), "dataset_id": dataset.dataset_id, "ckpt_path": checkpoint}
    write_findings(run_dir, findings, about)
    title = str(dataset.root) + ("" if checkpoint is None else f", {checkpoint}")
    say(findings_table(findings, title), f"audit.csv and audit.json are in {run_dir}.")
    failed = [finding.what for finding in errors(findings)]
    if failed:
        names = ", ".join(failed)
        raise LeakError(f"{len(failed)} of {len(findings)} checks failed: {names}; see the table.")


def check(config: DictConfig, overrides: Iterable[str]) -> None:
    """Refuse settings that no audit can use.

    Args:
        config: A composed ``AuditConfig``.
        overrides: What the user typed.

    Raises:
        ConfigurationError: Naming the setting and what is accepted.
    """
    if config.dataset_dir is None:
        raise ConfigurationError("seismic-audit needs dataset_dir=<folder that seismic-curate wrote>.")
    if config.seed < 0:
        raise ConfigurationError(f"seed={config.seed} cannot be used: give 0 or a positive whole number.")
    for override in overrides if config.ckpt_path is not None else ():
        if override.lstrip("+~").split("=")[0].split(".")[0] == "preprocess":
            raise ConfigurationError(
                f"{override}: with ckpt_path the checkpoint's own preprocessing is audited; leave one out."
            )


def run_checks(
    config: DictConfig, dataset: "CuratedDataset", trained: "DataOfCheckpoint | None"
) -> "list[Finding]":
    """Run all checks with a progress bar.

    Args:
        config: A composed ``AuditConfig``.
        dataset: The dataset.
        trained: What a checkpoint says of its data.

    Returns:
        One finding per check.
    """
    from seismic_lightning.evaluation.audit import audit as checks
    from seismic_lightning.transforms.settings import PreprocessSettings

    preprocess = cast(Any, OmegaConf.to_object(config.preprocess))
    if trained is not None:
        preprocess = PreprocessSettings(**trained.front["preprocess"])
    findings = []
    with progress_bar("auditing") as advance:
        for finding in checks(dataset, preprocess, trained, seed=config.seed):
            findings.append(finding)
            advance(len(findings), N_CHECKS + (0 if trained is None else N_CHECKS_OF_CHECKPOINT))
    return findings


def read_trained(
    ckpt_path: str | None, run_dir: Path, output_dir: Path
) -> "tuple[str | None, DataOfCheckpoint | None]":
    """Read what a checkpoint says of its data.

    Args:
        ckpt_path: A file, or ``last`` or ``best`` of the newest training; None for no checkpoint.
        run_dir: Folder of this run.
        output_dir: Root that holds the runs.

    Returns:
        The file that was read, and what it says.

    Raises:
        CheckpointError: The file is missing, damaged or foreign.
    """
    from seismic_lightning.cli.resume import resolve_checkpoint

    path = resolve_checkpoint(ckpt_path, run_dir, output_dir, "train")
    if path is None:
        return None, None
    from seismic_lightning.data.trained_on import DataOfCheckpoint
    from seismic_lightning.models.checkpoint import read_checkpoint

    return str(path), DataOfCheckpoint.of(read_checkpoint(path), str(path))


if __name__ == "__main__":
    main()
