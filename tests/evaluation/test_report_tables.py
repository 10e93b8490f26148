"""Words for every measure, places between baseline and floor, and numbers as people read them."""

import numpy as np
import pytest
from support.evaluations import ROWS, all_measures, made_evaluation

from seismic_lightning.evaluation import report_glossary
from seismic_lightning.evaluation.budget import (
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    OTHER_ROW,
    PRIOR_ROW,
)
from seismic_lightning.evaluation.measure import Best
from seismic_lightning.evaluation.report_glossary import FAMILIES, FURTHER, entry
from seismic_lightning.evaluation.report_standing import Standing, badness, standing
from seismic_lightning.evaluation.report_tables import bin_tables, budget_tables, numbers, verdicts

COLUMNS = [column.name for measure in all_measures() for column in measure.columns]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_measure_is_explained_in_one_sentence(name: str) -> None:
    explained = entry(name)
    assert explained.family in FAMILIES[:-1]
    assert explained.sentence[0].isupper() or explained.sentence[0] == "1"
    assert explained.sentence.endswith(".")
    assert ". " not in explained.sentence


def test_nothing_is_explained_that_nobody_measures() -> None:
    assert set(report_glossary._ENTRIES) <= set(COLUMNS)
    assert entry("a measure of tomorrow").family == FURTHER


@pytest.mark.parametrize(
    ("best", "baseline", "floor", "placed"),
    [
        ("low", 1.0, 0.2, {0.1: "floor", 0.2: "floor", 0.3: "near", 0.7: "far", 1.0: "worse", 2.0: "worse"}),
        ("high", 0.0, 0.9, {0.95: "floor", 0.9: "floor", 0.8: "near", 0.3: "far", -0.1: "worse"}),
        ("zero", -1.0, 0.1, {-0.1: "floor", 0.05: "floor", -0.3: "near", 0.8: "far", 1.0: "worse"}),
        ("one", 0.0, 1.1, {0.95: "floor", 1.2: "near", 0.2: "far", 2.5: "worse"}),
        ("half", 1.0, 0.55, {0.45: "floor", 0.6: "near", 0.95: "far", 0.0: "worse"}),
        ("low", 0.2, 1.0, {0.1: "unplaced", 2.0: "unplaced"}),
        ("low", 0.2, 0.2, {0.1: "unplaced"}),
    ],
)
def test_values_are_placed_between_baseline_and_floor(
    best: Best, baseline: float, floor: float, placed: dict[float, Standing]
) -> None:
    others = {MEAN_ROW: baseline, HALVES_ROW: floor}
    assert {value: standing(value, best, others) for value in placed} == placed


def test_the_next_baseline_or_floor_serves_where_the_first_has_no_value() -> None:
    assert standing(0.6, "low", {OTHER_ROW: 1.0, CEILING_ROW: 0.0}) == "far"
    assert standing(0.6, "low", {MEAN_ROW: 0.5, OTHER_ROW: 1.0, CEILING_ROW: 0.0}) == "worse"
    assert standing(0.6, "low", {MEAN_ROW: 1.0}) == standing(0.6, "low", {CEILING_ROW: 0.0}) == "unplaced"


def test_badness_grows_away_from_the_best_value() -> None:
    values = np.linspace(-2.0, 2.0, 41)
    targets: dict[Best, float] = {"low": -2.0, "high": 2.0, "zero": 0.0, "one": 1.0, "half": 0.5}
    for best, target in targets.items():
        distance = np.abs(values - target)
        grown = np.array([badness(value, best) for value in values])
        assert (np.diff(grown[np.argsort(distance, kind="stable")]) >= -1e-12).all()


def test_only_rows_of_the_model_are_placed_and_all_their_measures_are_counted() -> None:
    budget = made_evaluation().budget
    tables = budget_tables(budget)
    assert sorted(head.name for table in tables for head in table.heads) == sorted(COLUMNS)
    assert FURTHER not in [table.title for table in tables]
    for table in tables:
        assert [line.name for _, lines in table.groups for line in lines] == list(ROWS)
        for group, lines in table.groups:
            placed = [cell.standing for line in lines for cell in line.cells if not cell.absent]
            assert all(placed) == (group == "Model") or not placed
    for verdict in verdicts(budget):
        judged = budget[(budget["row"] == verdict.name) & budget["absent"].isna()]
        assert sum(verdict.counts.values()) == len(judged)
        assert verdict.counts["worse"] == len(verdict.worse)


def test_footnotes_say_what_absent_cells_mean() -> None:
    for table in budget_tables(made_evaluation().budget):
        reasons = dict(table.footnotes)
        absent = [cell for _, lines in table.groups for line in lines for cell in line.cells if cell.absent]
        assert (
            {reasons[cell.mark] for cell in absent}
            == {cell.absent for cell in absent}
            == set(reasons.values())
        )


def test_counts_that_differ_stand_with_their_lines() -> None:
    budget = made_evaluation().budget
    assert {table.counts for table in budget_tables(budget)} == {"807 records, 163 events"}
    skill = (budget["row"] == CONDITIONAL_ROW) & (budget["measure"] == "skill")
    budget.loc[skill, ["n_records", "n_events"]] = (1200, 163)
    first = budget_tables(budget)[0]
    assert first.counts == "807 records, 163 events"
    counts = {line.name: line.counts for _, lines in first.groups for line in lines}
    assert counts[CONDITIONAL_ROW] == "807 to 1,200 records, 163 events"
    assert [counts[row] for row in (MEAN_ROW, PRIOR_ROW)] == ["", ""]


def test_numbers_that_stand_together_have_the_same_decimals() -> None:
    assert numbers(-0.051, -0.0916, -0.0006) == ["\u22120.051", "\u22120.092", "\u22120.001"]
    assert numbers(-0.0004, -0.00003) == ["\u22120.0004", "0.0000"]
    assert numbers(0.0) == numbers(1e-9) == ["0.00"]


def test_bins_without_records_are_left_out_and_colours_follow_the_sign() -> None:
    bins = made_evaluation().bins
    for table in bin_tables(bins):
        assert "outside" not in [name for name, _ in table.lines]
        for _, cells in table.lines:
            for cell in cells:
                assert np.sign(cell.step) in (0, -1 if cell.bias[0] == "\u2212" else 1)
                assert abs(cell.step) <= 4
