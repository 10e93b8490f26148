"""A model judged by a dataset: every row, every reason, and what cannot be judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from support.judged import untrained
from support.leaks import leaky

from seismic_lightning.batch import Condition
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import DatasetError, EvaluationError
from seismic_lightning.evaluation.budget import (
    AGGREGATE_ROW,
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    ORACLE_ROW,
    OTHER_ROW,
    PRIOR_ROW,
    as_matrix,
)
from seismic_lightning.evaluation.chosen import choose, draw_events
from seismic_lightning.evaluation.evaluate import EvaluationSettings, evaluate
from seismic_lightning.evaluation.files import as_json, read_evaluation, write_evaluation
from seismic_lightning.evaluation.ground import ground_of
from seismic_lightning.evaluation.progress import silently
from seismic_lightning.evaluation.reading import JudgedRecords
from seismic_lightning.evaluation.result import REAL, Evaluation
from seismic_lightning.evaluation.subject import read_subject
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.ae import AE
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.generative import GenerativeAutoencoder
from seismic_lightning.models.vae import VAE
from seismic_lightning.nn.aggregate import MarginalAggregate, Posteriors
from seismic_lightning.nn.mixture import GaussianMixture

GUESSES = [MEAN_ROW, OTHER_ROW, HALVES_ROW, CEILING_ROW, ORACLE_ROW]
BRIEF = EvaluationSettings(subset="train", max_records=24, max_training_records=32, n_draws=4, n_iterations=8)


@pytest.fixture(scope="module")
def cvae(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a CVAE of random weights that has a density of latents beside its prior."""
    torch.manual_seed(0)
    trained = untrained(CVAE, dataset_dir, tmp_path_factory.mktemp("cvae"), units="sensitivity")
    assert isinstance(trained.model, CVAE)
    condition = trained.condition(open_dataset(dataset_dir).metadata[:12])
    latent = torch.randn(12, trained.model.latent_size, generator=torch.Generator().manual_seed(0))
    first, second = (
        Posteriors(latent[part], Condition(*(told[part] for told in condition)))
        for part in (slice(0, 8), slice(8, 12))
    )
    trained.model.aggregate = trained.model.fit_aggregate(first, second, n_components=1, seed=0)
    return trained


@pytest.fixture(scope="module")
def judged(cvae: Trained, dataset_dir: Path) -> Evaluation:
    """Return what is said of it."""
    return evaluate(cvae, open_dataset(dataset_dir), BRIEF)


def value(judged: Evaluation, row: str, measure: str) -> float:
    """Return one cell of the budget."""
    return float(np.asarray(as_matrix(judged.budget).loc[row, measure], dtype=np.float64))


def test_every_row_is_judged_by_every_measure_or_tells_why_not(judged: Evaluation) -> None:
    assert list(judged.budget["row"].unique()) == [*GUESSES, CONDITIONAL_ROW, AGGREGATE_ROW]
    judgeable = judged.budget["absent"].isna()
    assert np.isfinite(judged.budget.loc[judgeable, "value"]).all()
    assert (judged.budget.loc[~judgeable, "absent"].str.len() > 5).all()
    assert value(judged, MEAN_ROW, "skill") == pytest.approx(0.0, abs=1e-6)
    assert value(judged, CEILING_ROW, "skill") > 0.9
    assert abs(value(judged, CEILING_ROW, "PGA bias")) < 0.1
    assert value(judged, CEILING_ROW, "PGA residual sd") < 0.2 * value(judged, OTHER_ROW, "PGA residual sd")
    assert value(judged, MEAN_ROW, "PGA scatter about trend over real") == pytest.approx(0.0, abs=1e-9)


def test_curves_examples_and_bins_belong_to_the_rows(judged: Evaluation) -> None:
    assert list(judged.curves.fas) == [REAL, *GUESSES, CONDITIONAL_ROW, AGGREGATE_ROW]
    assert {len(values) for values in judged.curves.fas.values()} == {len(judged.curves.frequency_hz)}
    magnitude = judged.curves.magnitudes[REAL]
    np.testing.assert_array_equal(judged.curves.magnitudes[AGGREGATE_ROW][:, 0], magnitude[:, 0])
    assert np.asarray(np.corrcoef(magnitude.T))[0, 1] > 0.5
    assert {example.row for example in judged.examples} == {AGGREGATE_ROW}
    sizes = [example.magnitude for example in judged.examples]
    assert sizes == sorted(sizes)
    assert set(judged.bins["row"]) == {*GUESSES, CONDITIONAL_ROW, AGGREGATE_ROW} - {HALVES_ROW}
    of_row = judged.bins[(judged.bins["row"] == CONDITIONAL_ROW) & (judged.bins["intensity"] == "PGA")]
    known = of_row[of_row["n_records"] > 0]
    total = (known["bias"] * known["n_records"]).sum() / known["n_records"].sum()
    assert total == pytest.approx(value(judged, CONDITIONAL_ROW, "PGA bias"))


def test_notes_tell_how_small_it_is_and_what_was_seen_in_training(judged: Evaluation) -> None:
    n_records, n_events = judged.about["n_records"], judged.about["n_events"]
    text = "\n".join(judged.notes)
    assert f"{n_records} records of {n_events} events of the train split" in text
    assert f"Only {n_records} records" in text
    assert "trained on the records it is judged by" in text
    assert "drawn, event by event, with seed=0" in text


def test_one_seed_gives_one_json_and_the_files_give_it_back(
    judged: Evaluation, cvae: Trained, dataset_dir: Path, tmp_path: Path
) -> None:
    again = evaluate(cvae, open_dataset(dataset_dir), BRIEF)
    assert as_json(again) == as_json(judged)
    write_evaluation(judged, tmp_path)
    read = read_evaluation(tmp_path)
    pd.testing.assert_frame_equal(read.budget, judged.budget, check_exact=True)
    pd.testing.assert_frame_equal(read.bins, judged.bins, check_exact=True)
    assert as_json(read) == as_json(judged)
    np.testing.assert_array_equal(read.examples[0].generated, judged.examples[0].generated)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "budget.csv")[["row"]], judged.budget[["row"]])
    with pytest.raises(EvaluationError, match="holds no evaluation"):
        read_evaluation(tmp_path / "nowhere")


def test_a_vae_is_judged_as_a_set_by_either_sampler(dataset_dir: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    trained = untrained(VAE, dataset_dir, tmp_path, units="sensitivity")
    assert isinstance(trained.model, GenerativeAutoencoder)
    latent = torch.randn(40, trained.model.latent_size, generator=torch.Generator().manual_seed(0))
    mixture = GaussianMixture.fit(latent, 1, torch.Generator().manual_seed(0))
    trained.model.aggregate = MarginalAggregate(mixture)
    judged = evaluate(trained, open_dataset(dataset_dir), BRIEF)
    budget = judged.budget
    assert list(budget["row"].unique()) == [*GUESSES, PRIOR_ROW, AGGREGATE_ROW]
    row = budget[budget["row"] == PRIOR_ROW].set_index("measure")
    assert row.loc["skill", "absent"] == "no pairs"
    assert row.loc["ML closure slope", "absent"] == "no magnitude"
    assert "drawn from nothing" in str(row.loc["envelope levels off real", "absent"])
    assert np.isfinite(value(judged, PRIOR_ROW, "PGA distribution"))
    assert np.isfinite(value(judged, AGGREGATE_ROW, "discriminator accuracy"))


@pytest.mark.parametrize("representation", ["log_magnitude", "complex"])
def test_an_autoencoder_ends_at_the_oracle(representation: str, dataset_dir: Path, tmp_path: Path) -> None:
    trained = untrained(AE, dataset_dir, tmp_path, representation=representation, units="sensitivity")
    judged = evaluate(trained, open_dataset(dataset_dir), BRIEF)
    assert list(judged.budget["row"].unique()) == GUESSES
    assert {example.row for example in judged.examples} == {ORACLE_ROW}
    if representation == "complex":  # phases were kept
        assert value(judged, CEILING_ROW, "skill") > 1.0 - 1e-6
        assert value(judged, CEILING_ROW, "PGA residual sd") < 1e-4


def test_counts_are_judged_as_ground_motion_where_sensitivities_are_known(
    cvae: Trained, dataset_dir: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(dataset_dir)
    in_counts = untrained(CVAE, dataset_dir, tmp_path, units="counts")
    subjects = [
        read_subject(JudgedRecords(trained, dataset), choose(dataset, "train", 24, 0), silently)
        for trained in (cvae, in_counts)
    ]
    assert [subject.ground.unit for subject in subjects] == ["mps", "mps"]
    assert "Counts were divided" in "".join(subjects[1].notes)
    first, second = (subject.records for subject in subjects)
    assert first.intensity is not None
    assert first.seismogram is not None
    assert second.intensity is not None
    assert second.seismogram is not None
    np.testing.assert_allclose(second.intensity, first.intensity, atol=1e-3)
    np.testing.assert_allclose(second.seismogram[:, 0], first.seismogram[:, 0], atol=1e-3)


def test_without_sensitivities_counts_stay_counts(dataset_dir: Path, tmp_path: Path) -> None:
    def forget(table: pd.DataFrame) -> None:
        table["trace_Z_response"] = pd.array([None] * len(table), dtype="Int64")

    dataset = leaky(dataset_dir, tmp_path / "dataset", forget)
    trained = untrained(AE, dataset.root, tmp_path, units="counts")
    judged = evaluate(trained, dataset, BRIEF)
    assert judged.about["unit"] == "counts"
    assert "lack a sensitivity" in "".join(judged.notes)
    closure = judged.budget[judged.budget["measure"] == "ML closure bias"]
    assert set(closure["absent"]) == {"a magnitude needs m/s, these records are in counts"}
    assert judged.curves.magnitudes == {}
    assert ground_of(dataset, np.arange(3), "mps").divisor is None


def test_a_vertical_alone_goes_without_what_needs_three(archive_dir: Path, tmp_path: Path) -> None:
    settings = CurationSettings(
        window=WindowSettings(before_p_s=10.0, length_s=20.0),
        select=SelectionSettings(min_snr=0.0),
        components="Z",
    )
    curate(archive_dir, tmp_path / "dataset", settings)
    trained = untrained(AE, tmp_path / "dataset", tmp_path, units="sensitivity")
    budget = evaluate(trained, open_dataset(tmp_path / "dataset"), BRIEF).budget
    three = budget[budget["absent"] == "needs three components"]
    assert "P rectilinearity less real" in set(three["measure"])
    assert set(three["row"]) == set(GUESSES)
    assert budget.loc[budget["measure"] == "PGA bias", "absent"].isna().sum() == len(GUESSES) - 1


def test_silent_records_are_left_out_and_counted(cvae: Trained, dataset_dir: Path, tmp_path: Path) -> None:
    sound = open_dataset(dataset_dir)
    rows = np.flatnonzero(sound.metadata["split"] == "train")
    silence = np.zeros((3, int(sound.metadata["trace_npts"].iloc[rows[0]])), dtype=np.int32)
    dataset = leaky(dataset_dir, tmp_path / "dataset", samples={int(rows[0]): silence})
    subject = read_subject(JudgedRecords(cvae, dataset), choose(dataset, "train", 1000, 0), silently)
    assert rows[0] not in subject.rows
    assert len(subject.rows) == len(rows) - 1
    assert "1 records are left out" in "".join(subject.notes)


def test_whole_events_are_drawn() -> None:
    event = np.array(["a", "b", "b", "c", "c", "c", "d"], dtype=object)
    rows = np.arange(7) * 10
    drawn = draw_events(rows, event, 4, 0)
    assert len(drawn) <= 4
    assert all(len({*rows[event == name]} - {*drawn}) in (0, (event == name).sum()) for name in "abcd")
    np.testing.assert_array_equal(draw_events(rows, event, 4, 0), drawn)
    np.testing.assert_array_equal(draw_events(rows, event, 7, 0), rows)
    assert len(draw_events(rows, np.repeat(np.array(["a"], object), 7), 3, 0)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"components": "Z"}, "has components=ZNE, .* was trained on components=Z:"),
        ({"before_p_s": 5.0}, "has window.before_p_s=10.0, .* was trained on window.before_p_s=5.0"),
        ({"length_s": 70.0}, "has window.length_s=20.0, .* was trained on window.length_s=70.0"),
        ({"unit": "mps2"}, "has unit=mps, .* was trained on unit=mps2"),
    ],
)
def test_a_dataset_of_another_kind_is_refused(
    changes: dict[str, object], message: str, cvae: Trained, dataset_dir: Path
) -> None:
    with pytest.raises(DatasetError, match=message):
        evaluate(replace(cvae, **changes), open_dataset(dataset_dir), BRIEF)  # type: ignore[arg-type]


def test_too_slow_too_few_and_foreign_datasets_are_refused(
    cvae: Trained, dataset_dir: Path, day_dataset: Path, tmp_path: Path
) -> None:
    def slow(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["trace_sampling_rate_hz"] < 100.0].reset_index(drop=True)

    def few(table: pd.DataFrame) -> pd.DataFrame:
        kept = pd.concat([table[table["split"] == "train"].iloc[:3], table[table["split"] != "train"]])
        return kept.reset_index(drop=True)

    other = replace(cvae, dataset_id="0" * 64)
    with pytest.raises(DatasetError, match=r"its records have at most 50 Hz, .* works at 100 Hz"):
        evaluate(other, leaky(dataset_dir, tmp_path / "slow", slow), BRIEF)
    with pytest.raises(EvaluationError, match=r": 3 records of \d events are too few; 4 records of 2 events"):
        evaluate(cvae, leaky(dataset_dir, tmp_path / "few", few), BRIEF)
    with pytest.raises(EvaluationError, match="subset=all: choose one of train, dev, test"):
        evaluate(cvae, open_dataset(dataset_dir), replace(BRIEF, subset="all"))
    with pytest.raises(EvaluationError, match=r"training_dir=.* is dataset .* was trained on 000000000000"):
        evaluate(other, open_dataset(dataset_dir), BRIEF, training=open_dataset(day_dataset))
    with pytest.raises(EvaluationError, match="max_records=0: give 1 or more"):
        replace(BRIEF, max_records=0)


def test_the_split_that_chose_the_checkpoint_is_named(
    cvae: Trained, dataset_dir: Path, tmp_path: Path
) -> None:
    def choose_by_two(table: pd.DataFrame) -> None:
        chosen = table.loc[table["split"] == "train", "source_id"].unique()[:2]
        table.loc[table["source_id"].isin(chosen), "split"] = "dev"

    dataset = leaky(dataset_dir, tmp_path / "dataset", choose_by_two)
    notes = evaluate(cvae, dataset, replace(BRIEF, subset="dev", n_draws=2)).notes
    assert any("dev split is not held out" in note for note in notes)


def test_another_dataset_than_that_of_training_is_said(cvae: Trained, dataset_dir: Path) -> None:
    other = replace(cvae, dataset_id="0" * 64)
    text = "\n".join(evaluate(other, open_dataset(dataset_dir), replace(BRIEF, n_draws=2)).notes)
    assert "trained on another dataset (000000000000)" in text
    assert "are not known; give training_dir=" in text
