"""The typed shapes of the commands that make records; see ``schema``."""

from dataclasses import dataclass
from typing import Any


@dataclass
class GenerateConfig:
    """Knobs of ``seismic-generate``."""

    task: str = "generate"
    ckpt_path: str | None = None
    runs_dir: str = "outputs"
    output_dir: str | None = None
    n_records: int = 1
    magnitude: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    depth_km: float | None = None
    station: str | None = None
    origin_time: str = "2000-01-01T00:00:00"
    scenarios: str | None = None
    stations: str | None = None
    family: str | None = None
    location_code: str = "SY"
    unit: str | None = None
    temperature: float = 1.0
    allow_far: bool = False
    sampler: str | None = None
    n_steps: int | None = None
    solver: str | None = None
    guidance: float | None = None
    phase: str = "normal"
    device: str = "cpu"
    seed: int = 0
    same_noise: bool = False
    debug: Any = None


@dataclass
class InterpolateConfig:
    """Knobs of ``seismic-interpolate``; ``source`` and ``target`` name a record or hold a request."""

    task: str = "interpolate"
    ckpt_path: str | None = None
    runs_dir: str = "outputs"
    output_dir: str | None = None
    dataset_dir: str | None = None
    source: Any = None
    target: Any = None
    scenarios: str | None = None
    stations: str | None = None
    steps: int = 9
    seed: int = 0
    temperature: float = 1.0
    allow_far: bool = False
    sampler: str = "prior"
    n_steps: int | None = None
    solver: str | None = None
    guidance: float | None = None
    phase: str = "normal"
    device: str = "cpu"
    debug: Any = None
