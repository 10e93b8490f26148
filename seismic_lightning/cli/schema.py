"""The typed shape of each command's configuration: wrong types and unknown keys are refused at once.

Settings that a room owns are that room's dataclasses; groups whose options are built by ``_target_`` stay
dictionaries.
"""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from seismic_lightning.acquisition.settings import FdsnSettings, RegionSettings
from seismic_lightning.cli.schema_training import ConditionSection, PrecisionSection, TrainerSection
from seismic_lightning.curation.settings import (
    ParallelSettings,
    SelectionSettings,
    SplitSettings,
    WindowSettings,
)
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.transforms.settings import PreprocessSettings, RepresentationSettings, StftSettings


@dataclass
class DataSection:
    """Where batches come from: ``source`` returns a dataset's folder."""

    source: dict[str, Any] = field(default_factory=dict)
    batch_size: int = 64
    resident: str = "auto"


@dataclass
class AcquireConfig:
    """Knobs of ``seismic-acquire``."""

    task: str = "acquire"
    archive_dir: str | None = None
    start: str | None = None
    end: str | None = None
    catalogue: str | None = None
    bulletins: str | None = None
    events_url: str | None = None
    catalogue_format: CatalogueSettings = field(default_factory=CatalogueSettings)
    output_dir: str = "outputs"
    dry_run: bool = False
    debug: Any = None
    data: DataSection = field(default_factory=DataSection)
    region: RegionSettings = field(default_factory=RegionSettings)
    fdsn: FdsnSettings = field(default_factory=FdsnSettings)


@dataclass
class CurateConfig:
    """Knobs of ``seismic-curate``."""

    task: str = "curate"
    archive_dir: str | None = None
    layout: str = "events"
    catalogue: str | None = None
    bulletins: str | None = None
    stations: str | None = None
    waveforms: str | None = None
    network: str | None = None
    catalogue_format: CatalogueSettings = field(default_factory=CatalogueSettings)
    figure: str | None = None
    dataset_dir: str | None = None
    output_dir: str = "outputs"
    orientation: str = "strict"
    components: str = "ZNE"
    overwrite: bool = False
    n_workers: int = 1
    debug: Any = None
    window: WindowSettings = field(default_factory=WindowSettings)
    select: SelectionSettings = field(default_factory=SelectionSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    parallel: ParallelSettings = field(default_factory=ParallelSettings)


@dataclass
class ExportConfig:
    """Knobs of ``seismic-export``."""

    task: str = "export"
    dataset_dir: str | None = None
    output_dir: str | None = None
    subset: str | None = None
    sampling_rate_hz: float | None = None
    overwrite: bool = False
    debug: Any = None
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    format: dict[str, Any] = field(default_factory=dict)


@dataclass
class AuditConfig:
    """Knobs of ``seismic-audit``."""

    task: str = "audit"
    dataset_dir: str | None = None
    ckpt_path: str | None = None
    output_dir: str = "outputs"
    seed: int = 0
    debug: Any = None
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    paths: dict[str, Any] = field(default_factory=dict)


@dataclass
class EvaluateConfig:
    """Knobs of ``seismic-evaluate``."""

    task: str = "evaluate"
    ckpt_path: str | None = None
    dataset_dir: str | None = None
    training_dir: str | None = None
    output_dir: str = "outputs"
    subset: str = "test"
    max_records: int = 2000
    max_training_records: int = 5000
    n_draws: int = 200
    phase: str = "normal"
    temperature: float = 1.0
    n_steps: int | None = None
    solver: str | None = None
    guidance: float | None = None
    device: str = "cpu"
    seed: int = 0
    debug: Any = None
    paths: dict[str, Any] = field(default_factory=dict)


@dataclass
class EarthquakeSection:
    """One given earthquake; as it stands here, the region's seismicity is simulated."""

    magnitude: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    depth_km: float = 10.0
    stations: list[str] = field(default_factory=list)
    family: str = "HH"
    network_seed: int = 0


@dataclass
class SimulateConfig:
    """Knobs of ``seismic-simulate``."""

    task: str = "simulate"
    archive_dir: str | None = None
    output_dir: str = "outputs"
    n_records: int = 4000
    seed: int = 0
    min_magnitude: float = 0.8
    max_magnitude: float = 4.9
    artefacts: bool = True
    bh_rate_hz: float | None = None
    earthquake: EarthquakeSection = field(default_factory=EarthquakeSection)
    report: bool = False
    overwrite: bool = False
    n_workers: int = 1
    debug: Any = None


@dataclass
class RunsConfig:
    """Knobs of ``seismic-runs``."""

    task: str = "runs"
    runs_dir: str = "outputs"
    output_dir: str = "outputs"
    debug: Any = None


@dataclass
class TrainConfig:
    """Knobs and groups of ``train.py``."""

    task: str = "train"
    seed: int = 0
    beta: float = 1.0
    devices: Any = "auto"
    num_nodes: int = 1
    compile: bool = False
    monitor: str = "val/loss"
    archive_dir: str | None = None
    dataset_dir: str | None = None
    output_dir: str = "outputs"
    ckpt_path: str | None = None
    resume: bool = False
    on_failure: str = "continue"
    orientation: str = "strict"
    components: str = "ZNE"
    n_workers: int = 1
    start: str | None = None
    end: str | None = None
    catalogue: str | None = None
    bulletins: str | None = None
    events_url: str | None = None
    data: DataSection = field(default_factory=DataSection)
    region: RegionSettings = field(default_factory=RegionSettings)
    fdsn: FdsnSettings = field(default_factory=FdsnSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    select: SelectionSettings = field(default_factory=SelectionSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    parallel: ParallelSettings = field(default_factory=ParallelSettings)
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    stft: StftSettings = field(default_factory=StftSettings)
    representation: RepresentationSettings = field(default_factory=RepresentationSettings)
    condition: ConditionSection = field(default_factory=ConditionSection)
    precision: PrecisionSection = field(default_factory=PrecisionSection)
    model: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    scheduler: dict[str, Any] = field(default_factory=dict)
    trainer: TrainerSection = field(default_factory=TrainerSection)
    callbacks: dict[str, Any] = field(default_factory=dict)
    logger: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, Any] = field(default_factory=dict)


def register(name: str, schema: type) -> None:
    """Make a schema known to Hydra, to stand first in a command's defaults.

    Args:
        name: Name under which the defaults list asks for it.
        schema: One of the dataclasses above.
    """
    ConfigStore.instance().store(name=name, node=_writable(OmegaConf.structured(schema)))


def _writable(config: DictConfig) -> DictConfig:
    """Let options and overrides fill settings whose dataclasses are frozen elsewhere."""
    for key in config:
        node = config._get_node(key)
        if isinstance(node, DictConfig):
            OmegaConf.set_readonly(node, None)
            if node._metadata.element_type is str:
                OmegaConf.set_struct(node, False)  # a table whose names the user chooses
            _writable(node)
    return config
