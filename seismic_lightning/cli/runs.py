"""``seismic-runs``: one row a run, and the mean over seeds, of every training below a folder."""

from pathlib import Path

from omegaconf import DictConfig

from seismic_lightning.cli.console import say
from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.run_records import find_runs
from seismic_lightning.cli.run_table import aligned, csv_text, markdown, over_seeds, run_rows
from seismic_lightning.cli.schema import RunsConfig
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.storage import write_atomically


def main() -> None:
    """Run the command."""
    launch(runs, "runs", RunsConfig)


def runs(config: DictConfig) -> None:
    """Print the runs below a folder, and write them beside.

    Args:
        config: A composed ``RunsConfig``.

    Raises:
        ConfigurationError: There is no such folder, or no run in it.
    """
    folder = Path(config.runs_dir)
    if not folder.is_dir():
        raise ConfigurationError(f"runs_dir={folder} is no folder; name one that holds runs or sweeps.")
    found = find_runs(folder)
    if not found:
        raise ConfigurationError(f"runs_dir={folder}: no training has left a configuration there.")
    rows, means = run_rows(found), over_seeds(found)
    tables = {"runs": rows, **({"seeds": means} if means else {})}
    for name, table in tables.items():
        write_atomically(folder / f"{name}.csv", csv_text(table).encode())
    text = "\n".join(f"## {name.capitalize()}\n\n{markdown(table)}" for name, table in tables.items())
    write_atomically(folder / "runs.md", text.encode())
    say(*(f"{aligned(table)}\n" for table in tables.values()))
    say(f"{len(rows)} runs; {', '.join(f'{name}.csv' for name in tables)} and runs.md are in {folder}.")


if __name__ == "__main__":
    main()
