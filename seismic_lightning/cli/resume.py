"""Find the checkpoint that ``ckpt_path`` means."""

from pathlib import Path

from seismic_lightning.errors import CheckpointError

NAMES = ("last", "best")


def resolve_checkpoint(ckpt_path: str | None, run_dir: Path, output_dir: Path, task: str) -> Path | None:
    """Return the checkpoint file to resume from.

    Args:
        ckpt_path: A file; or ``last`` or ``best``: of this run's folder if it has one, else of the newest
            run.
        run_dir: Folder of this run.
        output_dir: Root that holds the runs.
        task: Name of the folder of runs below ``output_dir``.

    Raises:
        CheckpointError: Nothing is found; says where was looked.
    """
    if ckpt_path is None:
        return None
    if ckpt_path not in NAMES:
        if not Path(ckpt_path).is_file():
            raise CheckpointError(
                f"ckpt_path={ckpt_path} is no file; name a .ckpt file, or one of: {', '.join(NAMES)}."
            )
        return Path(ckpt_path)
    own = run_dir / "checkpoints" / f"{ckpt_path}.ckpt"
    if own.is_file():
        return own
    runs = output_dir / task
    found = sorted(runs.glob(f"*/checkpoints/{ckpt_path}.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise CheckpointError(
            f"ckpt_path={ckpt_path}: no run below {runs} has such a checkpoint; train first, or name a file."
        )
    return found[-1]
