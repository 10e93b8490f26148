"""What TensorBoard shows of an evaluation: every value, figures, the whole table, and results to compare."""

import pytest
from support.evaluations import made_evaluation
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from seismic_lightning.evaluation.board import BOARD_FOLDER, COMPARED_MEASURES, budget_text, write_board
from seismic_lightning.evaluation.budget import CONDITIONAL_ROW, HALVES_ROW, MEAN_ROW, ORACLE_ROW
from seismic_lightning.evaluation.report_glossary import FURTHER, entry
from seismic_lightning.evaluation.result import Evaluation


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return made_evaluation(n_examples=1, rows=(MEAN_ROW, HALVES_ROW, ORACLE_ROW, CONDITIONAL_ROW))


@pytest.fixture(scope="module")
def events(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> EventAccumulator:
    folder = tmp_path_factory.mktemp("board")
    write_board(evaluation, folder)
    accumulator = EventAccumulator(str(folder / BOARD_FOLDER))
    accumulator.Reload()
    return accumulator


def test_every_value_is_a_scalar(evaluation: Evaluation, events: EventAccumulator) -> None:
    known = evaluation.budget[evaluation.budget["absent"].isna()]
    assert set(events.Tags()["scalars"]) == set(known["row"] + "/" + known["measure"])
    assert "examples" in events.Tags()["images"]


def test_the_whole_budget_is_a_text_with_every_measure_in_a_line(
    evaluation: Evaluation, events: EventAccumulator
) -> None:
    text = budget_text(evaluation)
    (shown,) = events.Tensors("error budget/text_summary")
    assert shown.tensor_proto.string_val[0].decode() == text
    for measure in evaluation.budget["measure"].unique():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {measure} (")]
        assert line.count("|") == 6
    assert f"### {entry('skill').family}" in text
    assert f"### {FURTHER}" not in text


def test_evaluations_can_be_compared(evaluation: Evaluation, events: EventAccumulator) -> None:
    contents = {tag: data.plugin_data.content for tag, data in events.summary_metadata.items()}
    start = HParamsPluginData.FromString(contents["_hparams_/session_start_info"]).session_start_info
    assert start.hparams["model"].string_value == evaluation.about["model"]
    assert start.hparams["checkpoint"].string_value == "2026-11-22_19-56-37_cvae/best.ckpt"
    assert len(start.hparams) == 5, "as many as the table shows unasked"
    experiment = HParamsPluginData.FromString(contents["_hparams_/experiment"]).experiment
    named = [info.name.tag for info in experiment.metric_infos]
    rows = [name.partition("/")[0] for name in named]
    assert rows == [CONDITIONAL_ROW] * len(COMPARED_MEASURES) + [ORACLE_ROW] * len(COMPARED_MEASURES)
    assert set(named) <= set(events.Tags()["scalars"])
