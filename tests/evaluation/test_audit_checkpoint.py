"""A checkpoint whose scales, conditions or stations know more than the training split is found out."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.leaks import leaky
from support.signals import option
from support.training import small

from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.data.trained_on import DATA_KEY, DataOfCheckpoint
from seismic_lightning.errors import CheckpointError
from seismic_lightning.evaluation import audit_checkpoint
from seismic_lightning.evaluation.audit_checkpoint import checkpoint_findings
from seismic_lightning.evaluation.audit_findings import Finding
from seismic_lightning.models.ae import AE
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.vae import VAE
from seismic_lightning.transforms.settings import StftSettings


def trained_on(dataset_dir: Path) -> dict[str, Any]:
    """Return what training on a dataset would leave of its data."""
    module = SpectrogramDataModule(dataset_dir, option("fixed_band"), StftSettings())
    module.setup()
    assert type(module).__qualname__ == DATA_KEY, "Lightning keeps it under the name of the class"
    return module.state_dict()


def checked(dataset: CuratedDataset, state: dict[str, Any]) -> dict[str, Finding]:
    trained = DataOfCheckpoint.of({"state_dict": {}, DATA_KEY: state}, "model.ckpt")
    return {finding.what: finding for finding in checkpoint_findings(dataset, trained)}


def wrong(dataset: CuratedDataset, state: dict[str, Any]) -> set[str]:
    return {name for name, finding in checked(dataset, state).items() if finding.verdict != "ok"}


@pytest.fixture(scope="module")
def honest(dataset_dir: Path) -> dict[str, Any]:
    """Return the state of a training on the sound dataset."""
    return trained_on(dataset_dir)


@pytest.fixture(scope="module")
def curious(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the state of a training whose training split were all records of the dataset."""

    def edit(table: pd.DataFrame) -> pd.DataFrame:
        everything = table.assign(split="train")
        others = table.iloc[:2].assign(split=["dev", "test"])
        return pd.concat([everything, others], ignore_index=True)

    folder = tmp_path_factory.mktemp("curious") / "dataset"
    return trained_on(leaky(dataset_dir, folder, edit).root)


def test_an_honest_checkpoint_passes(dataset_dir: Path, honest: dict[str, Any]) -> None:
    dataset = open_dataset(dataset_dir)
    assert wrong(dataset, honest) == set()
    assert (
        "0.0e+00 decades from those of the training split"
        in checked(dataset, honest)["scale of spectrograms"].found
    )


def test_a_scale_of_the_whole_split_passes_where_a_draw_would_do(
    dataset_dir: Path, honest: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_checkpoint, "MOST_RECORDS", 9)
    assert wrong(open_dataset(dataset_dir), honest) == set()


def test_statistics_of_all_records_are_found(
    dataset_dir: Path, honest: dict[str, Any], curious: dict[str, Any]
) -> None:
    dataset = open_dataset(dataset_dir)
    findings = checked(dataset, {**honest, "front": curious["front"]})
    assert {name for name, finding in findings.items() if finding.verdict == "error"} == {
        "scale of spectrograms"
    }
    assert "validation and test were seen" in findings["scale of spectrograms"].found
    findings = checked(dataset, {**honest, "conditions": curious["conditions"]})
    assert findings["scales of conditions"].verdict == "error"
    assert "validation and test were seen" in findings["scales of conditions"].found
    assert findings["scale of spectrograms"].verdict == "ok"


def test_a_station_without_a_training_record_is_found(dataset_dir: Path, honest: dict[str, Any]) -> None:
    conditions = honest["conditions"]
    known = conditions["stations"]
    for stations, name in (([*known, "KO.NONE"], "KO.NONE"), (known[1:], known[0])):
        state = {**honest, "conditions": {**conditions, "stations": stations}}
        finding = checked(open_dataset(dataset_dir), state)["station vocabulary"]
        assert finding.verdict == "error"
        assert finding.found.endswith(name)


def test_a_checkpoint_of_another_dataset_is_found(dataset_dir: Path, honest: dict[str, Any]) -> None:
    findings = checked(open_dataset(dataset_dir), {**honest, "dataset_id": "0" * 64})
    assert findings["dataset of the checkpoint"].verdict == "error"
    assert {finding.verdict for finding in findings.values()} == {"error", "note"}


def test_scales_that_cannot_be_told_apart_are_noted(
    dataset_dir: Path, curious: dict[str, Any], tmp_path: Path
) -> None:
    alike = leaky(dataset_dir, tmp_path / "alike", lambda table: table.assign(split="train"))
    findings = checked(alike, curious)
    assert findings["scale of spectrograms"].verdict == "note"
    assert findings["scales of conditions"].verdict == "note"


@pytest.mark.parametrize(("model", "conditional"), [(AE, False), (VAE, False), (CVAE, True)])
def test_a_conditional_model_is_known_by_its_weights(
    model: type[Any], conditional: bool, honest: dict[str, Any]
) -> None:
    checkpoint = {"state_dict": small(model).state_dict(), DATA_KEY: honest}
    assert DataOfCheckpoint.of(checkpoint, "model.ckpt").conditional is conditional


@pytest.mark.parametrize("lacking", [None, "dataset_id", "conditions", "front", "scaling"])
def test_a_checkpoint_that_does_not_tell_its_data_is_refused(
    lacking: str | None, honest: dict[str, Any]
) -> None:
    state = {name: value for name, value in honest.items() if name != lacking}
    if lacking == "scaling":
        state["front"] = {**state["front"], "scaling": None}
    checkpoint = {"state_dict": {}, **({} if lacking is None else {DATA_KEY: state})}
    with pytest.raises(CheckpointError, match=r"model\.ckpt: does not say what data .* written by train\.py"):
        DataOfCheckpoint.of(checkpoint, "model.ckpt")
