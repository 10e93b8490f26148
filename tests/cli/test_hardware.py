"""What a machine cannot do is refused in one line before any data is looked for."""

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer
from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli import hardware
from seismic_lightning.cli.hardware import check_hardware, has_bf16_units, slowdown_of_bf16
from seismic_lightning.cli.processes import QUIET, words_for_all
from seismic_lightning.cli.schema_training import TrainerSection
from seismic_lightning.cli.sweep_job import LEFT_BEHIND, job_command, one_after_another
from seismic_lightning.cli.train import main
from seismic_lightning.errors import ConfigurationError

N_GPUS, N_CORES = 2, 2


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a machine with two cores, without GPU, outside of any cluster."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(N_CORES)))
    for name in list(os.environ):
        if name.startswith(("SLURM_", "TORCHELASTIC_")) or name in (*LEFT_BEHIND, "CUDA_VISIBLE_DEVICES"):
            monkeypatch.delenv(name)


@pytest.fixture
def with_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a machine with two GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: N_GPUS)


def config(
    mode: str = "32-true",
    strategy: str = "auto",
    ema: bool = False,
    model: dict[str, str] | None = None,
    **trainer: object,
) -> DictConfig:
    named = {"_target_": strategy} if "." in strategy else strategy
    section = {"accelerator": "auto", "devices": "auto", "num_nodes": 1, "strategy": named, **trainer}
    callbacks: dict[str, object] = {"ema": {}} if ema else {}
    return OmegaConf.create(
        {
            "trainer": section,
            "precision": {"mode": mode},
            "callbacks": callbacks,
            "compile": False,
            "model": model or {},
        }
    )


FSDP = "seismic_lightning.models.sharded.ShardedStrategy"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"accelerator": "gpu"}, "no GPU was found.*use trainer=cpu"),
        ({"mode": "16-mixed"}, "precision=fp16 works on GPUs only"),
        ({"strategy": FSDP}, "devices=auto num_nodes=1 is one"),
        ({"strategy": FSDP, "devices": 2, "ema": True}, "use trainer=ddp"),
        ({"strategy": FSDP, "devices": 2, "model": {"first_stage": "a.ckpt"}}, "built upon another"),
        ({"num_nodes": 2}, "num_nodes=2.*srun or torchrun"),
        ({"devices": 0}, "devices=0 cannot be used"),
        ({"devices": "many"}, "devices=many cannot be used"),
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        check_hardware(config(**wrong))  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("with_gpus")
@pytest.mark.parametrize("devices", [3, "3", [0, 2], "0,2"])
def test_more_gpus_than_there_are_is_refused(devices: object) -> None:
    with pytest.raises(ConfigurationError, match=r"this machine shows 2 GPU\(s\): give devices=2 or fewer"):
        check_hardware(config(devices=devices))


@pytest.mark.usefixtures("with_gpus")
@pytest.mark.parametrize("devices", ["auto", -1, 1, 2, [1], "0,1"])
def test_gpus_that_are_there_are_taken_without_a_word(devices: object) -> None:
    assert check_hardware(config("bf16-mixed", devices=devices)) == []


def test_more_processes_than_cores_are_warned_of() -> None:
    assert check_hardware(config(devices=2)) == []
    (word,) = check_hardware(config(devices=4))
    assert "devices=4 processes share 2 processor cores" in word


def test_torchrun_and_the_settings_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TORCHELASTIC_RUN_ID", "x"), ("WORLD_SIZE", "4"), ("LOCAL_WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    assert check_hardware(config(devices=2, num_nodes=2)) == []
    with pytest.raises(ConfigurationError, match=r"started 4 processes.*give devices=2 num_nodes=2"):
        check_hardware(config(devices=2))


def test_slow_bf16_is_warned_of_with_its_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "has_bf16_units", lambda: False)
    monkeypatch.setattr(hardware, "slowdown_of_bf16", lambda: 3.14)
    (word,) = check_hardware(config("bf16-mixed"))
    assert "precision=bf16 takes 3.1 times as long as precision=fp32" in word
    assert check_hardware(config("32-true")) == []
    monkeypatch.setattr(hardware, "has_bf16_units", lambda: True)
    assert check_hardware(config("bf16-mixed")) == []


def test_the_units_are_those_of_the_processor() -> None:
    flags = Path("/proc/cpuinfo").read_text().split()
    assert has_bf16_units() == bool({"avx512_bf16", "amx_bf16"} & set(flags))
    assert 0.05 < slowdown_of_bf16() < 100.0


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("trainer=gpu",), "no GPU was found"),
        (("trainer=cpu", "precision=fp16"), "precision=fp16 works on GPUs only"),
        (("trainer=fsdp", "trainer.accelerator=cpu"), "give devices=2 or more"),
        (("trainer=cpu", "num_nodes=0"), "num_nodes=0 cannot be used"),
        (("trainer.accumulate_grad_batches=0",), "accumulate_grad_batches=0 cannot be used"),
        (("trainer.gradient_clip_val=-1",), "gradient_clip_val=-1.0 cannot be used"),
        (("trainer.gradient_clip_val=much",), "gradient_clip_val"),
        (("trainer.accumulate_grad_batch=2",), "accumulate_grad_batches"),
        (("compile=perhaps",), "compile"),
    ],
)
def test_a_refusal_comes_before_the_data(
    overrides: tuple[str, ...], message: str, run_command: Callable[..., None], own_folder: Path
) -> None:
    with pytest.raises(SystemExit, match=rf"^error: .*{message}"):
        run_command(main, "data=dataset", f"dataset_dir={own_folder}/nowhere", *overrides)


def test_a_sweep_over_devices_is_refused_by_launchers_that_cannot(
    run_command: Callable[..., None], own_folder: Path
) -> None:
    words = [
        "-m",
        "data=dataset",
        "dataset_dir=nowhere",
        "trainer=ddp",
        "trainer.accelerator=cpu",
        "devices=2",
    ]
    with pytest.raises(SystemExit, match="hydra/launcher=joblib cannot train a job on 2 devices"):
        run_command(main, *words, "seed=0,1", "hydra/launcher=joblib", "hydra.launcher.n_jobs=1")


def test_the_section_is_lightnings_trainer() -> None:
    parameters = inspect.signature(Trainer.__init__).parameters
    ours = {field.name: field.default for field in fields(TrainerSection)}
    assert ours.pop("_target_") == "lightning.pytorch.Trainer"
    assert {name: parameters[name].default for name in ours} == ours
    assert set(parameters) - set(ours) == {"self", "logger", "callbacks", "plugins"}


def test_only_further_processes_are_told_to_be_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert words_for_all(["beta=1"]) == []
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert words_for_all(["hydra.run.dir=here"]) == list(QUIET)
    with pytest.raises(
        ConfigurationError, match=r"add hydra\.run\.dir=<folder> to the command on every node"
    ):
        words_for_all(["beta=1"])


def test_a_slurm_job_keeps_its_folder_when_it_is_queued_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    first = words_for_all([])
    assert first == ["hydra.run.dir=${output_dir}/${task}/slurm-7-0"]
    monkeypatch.setenv("SLURM_PROCID", "3")
    assert words_for_all([]) == [*first, *QUIET]
    monkeypatch.setenv("SLURM_PROCID", "0")
    monkeypatch.setenv("SLURM_JOB_NAME", "bash")
    assert words_for_all([]) == []


def test_a_job_of_a_sweep_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["train.py", "-m", "beta=1,2", "~callbacks.embedding"])
    command = job_command(
        ["train.py", "-m", "beta=1,2", "~callbacks.embedding"], ["beta=1"], tmp_path / "a.ckpt"
    )
    assert command == ["train.py", "beta=1", "hydra.mode=RUN", f"ckpt_path='{tmp_path}/a.ckpt'"]
    with one_after_another(command):
        assert sys.argv == command
        os.environ["LOCAL_RANK"] = "0"
    assert sys.argv[1] == "-m"
    assert "LOCAL_RANK" not in os.environ
