"""The text of ``--help``, read from the configuration folder: settings with comments, groups, options.

Hydra's own help lists groups too, but composes and copies the whole configuration dozens of times to do so.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml

import seismic_lightning

EXAMPLES = {
    "train": (
        "python train.py data=archive archive_dir=ARCHIVE model=vae beta=0.5",
        "python train.py -m data=archive archive_dir=ARCHIVE model=vae,cvae beta=0.1,0.5,1,4",
        "python train.py data=archive archive_dir=ARCHIVE model=vae ckpt_path=last",
        "python train.py data=archive archive_dir=ARCHIVE sweep=optuna_beta resume=true",
    ),
    "acquire": (
        "seismic-acquire data=koeri start=2023-01-01 end=2024-01-01 region=marmara bulletins=BULLETINS "
        "archive_dir=ARCHIVE",
        "seismic-acquire start=2023-01-01 end=2024-01-01 catalogue=FILE archive_dir=ARCHIVE dry_run=true",
        "seismic-acquire fdsn=any fdsn.node=INGV events_url=INGV region=custom region.min_latitude_deg=...",
    ),
    "curate": (
        "seismic-curate archive_dir=ARCHIVE dataset_dir=DATASET",
        "seismic-curate archive_dir=ARCHIVE window=short select=rms",
    ),
    "export": (
        "seismic-export dataset_dir=DATASET output_dir=FILTERED format=mseed",
        "seismic-export dataset_dir=DATASET output_dir=RAW format=mseed preprocess=none",
        "seismic-export dataset_dir=DATASET output_dir=BENCH format=seisbench",
    ),
    "audit": (
        "seismic-audit dataset_dir=DATASET preprocess=fixed_band",
        "seismic-audit dataset_dir=DATASET ckpt_path=best",
    ),
    "evaluate": (
        "seismic-evaluate ckpt_path=best dataset_dir=DATASET",
        "seismic-evaluate ckpt_path=FILE dataset_dir=DATASET subset=dev max_records=500 phase=fine",
    ),
    "generate": (
        "seismic-generate ckpt_path=best magnitude=3.5 latitude_deg=40.75 longitude_deg=28.9 depth_km=10 "
        "station=ISK n_records=100 output_dir=GENERATED",
        "seismic-generate ckpt_path=best scenarios=FILE output_dir=GENERATED",
    ),
    "interpolate": (
        "seismic-interpolate ckpt_path=best dataset_dir=DATASET source=12 target=EVENT/STATION "
        "output_dir=STEPS",
        "seismic-interpolate ckpt_path=best scenarios=TWO.csv output_dir=STEPS",
        "seismic-interpolate ckpt_path=VAE.ckpt source.seed=1 target.seed=2 output_dir=STEPS",
    ),
    "runs": (
        "seismic-runs runs_dir=outputs/sweeps/SWEEP",
        "seismic-runs runs_dir=outputs",
    ),
    "simulate": (
        "seismic-simulate archive_dir=ARCHIVE n_records=1000 seed=1",
        "seismic-simulate report=true",
        "seismic-simulate earthquake.magnitude=3.5 earthquake.latitude_deg=40.7 "
        "earthquake.longitude_deg=28.9 earthquake.stations=[ADVT,YLV]",
    ),
}


def config_folder() -> Path:
    """Return the folder of configuration files: beside the package, or inside it when installed."""
    package = Path(seismic_lightning.__file__).parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def help_text(config_name: str, folder: Path) -> str:
    """Return what ``--help`` prints.

    Args:
        config_name: The command's file in the configuration folder.
        folder: The configuration folder.
    """
    text = (folder / f"{config_name}.yaml").read_text()
    command = "python train.py" if config_name == "train" else f"seismic-{config_name}"
    groups = list(_group_lines(text, folder))
    purpose, settings = text.splitlines()[0].removeprefix("# "), text.split("\n\n", 1)[1].rstrip()
    return "\n".join(
        [
            purpose,
            "",
            "Settings are given as key=value and options of a group as group=option, in any order:",
            "",
            *(f"  {example}" for example in EXAMPLES[config_name]),
            "",
            "Settings and their defaults:",
            "",
            *(f"  {line}" for line in settings.splitlines()),
            "",
            *(["Groups, [default] and other options:", "", *groups, ""] if groups else []),
            "--cfg job shows the configuration of a command, -m runs a sweep, --hydra-help tells more, and",
            f'eval "$({command} -sc install=bash)" completes settings with the tab key.',
        ]
    )


def _group_lines(text: str, folder: Path) -> Iterator[str]:
    for entry in yaml.safe_load(text)["defaults"]:
        if not isinstance(entry, dict):
            continue
        group, chosen = next(iter(entry.items()))
        options = sorted(path.stem for path in (folder / group.removeprefix("optional ")).glob("*.yaml"))
        others = " ".join(option for option in options if option != chosen)
        if group not in ("hydra", "paths", "optional local"):
            default = f"[{chosen}] " if chosen else ""
            yield f"  {group:<11} {default}{others}".rstrip()
