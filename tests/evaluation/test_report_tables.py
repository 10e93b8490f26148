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
    ORACLE_ROW,
    OTHER_ROW,
    PRIOR_ROW,
)
from seismic_lightning.evaluation.measure import Best
from seismic_lightning.evaluation.report_glossary import FAMILIES, FURTHER, HONESTY, entry
from seismic_lightning.evaluation.report_standing import Standing, badness, standing, worse_than_mean
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
    others = {MEAN_ROW: baseline, CEILING_ROW: floor, HALVES_ROW: 10.0 * floor}
    assert {value: standing(value, best, others, CONDITIONAL_ROW) for value in placed} == placed
    others = {MEAN_ROW: baseline, HALVES_ROW: floor, CEILING_ROW: 0.1 * floor}
    drawn = {value: standing(value, best, others, PRIOR_ROW, from_nothing=True) for value in placed}
    assert drawn == placed


def test_the_next_baseline_serves_where_the_first_has_no_value() -> None:
    assert standing(0.6, "low", {OTHER_ROW: 1.0, CEILING_ROW: 0.0}, CONDITIONAL_ROW) == "far"
    both = {MEAN_ROW: 0.5, OTHER_ROW: 1.0, CEILING_ROW: 0.0}
    assert standing(0.6, "low", both, CONDITIONAL_ROW) == "worse"
    for others in ({MEAN_ROW: 1.0}, {CEILING_ROW: 0.0}, {MEAN_ROW: 1.0, HALVES_ROW: 0.0}):
        assert standing(0.6, "low", others, CONDITIONAL_ROW) == "unplaced"


def test_only_a_model_below_the_mean_is_named() -> None:
    made = made_evaluation(n_examples=0)
    assert worse_than_mean(made.budget) == []
    budget = made.budget.copy()
    budget.loc[budget["measure"] == "skill", "value"] = -0.25
    named = worse_than_mean(budget)
    assert [line.partition(" is ")[0] for line in named] == [
        row for row in ROWS if row in (ORACLE_ROW, CONDITIONAL_ROW, PRIOR_ROW)
    ]
    assert all("worse than the constant mean spectrogram (skill -0.25)" in line for line in named)


def test_halves_are_no_floor_of_answers_to_requests() -> None:
    others = {MEAN_ROW: 0.57, HALVES_ROW: 0.16, CEILING_ROW: 0.03}
    assert standing(0.15, "low", others, CONDITIONAL_ROW) == "near"
    assert standing(0.15, "low", others, PRIOR_ROW, from_nothing=True) == "floor"


def test_a_draw_that_averages_is_not_praised_for_its_small_scatter() -> None:
    others = {MEAN_ROW: 0.7, CEILING_ROW: 0.02}
    for value in (0.1, 0.5, 1.0):
        assert standing(value, "rebuilt", others, CONDITIONAL_ROW) == "unplaced"
    assert [standing(value, "rebuilt", others, ORACLE_ROW) for value in (0.1, 0.5, 1.0)] == [
        "near",
        "far",
        "worse",
    ]
    for table in budget_tables(made_evaluation().budget):
        lines = {line.name: line for _, held in table.groups for line in held}
        for place, head in enumerate(table.heads):
            if "residual sd" in head.name or "τ" in head.name or "φ" in head.name:
                assert head.best == "low is best of rebuilt records"
                assert lines[CONDITIONAL_ROW].cells[place].standing == "unplaced"
                assert lines[ORACLE_ROW].cells[place].standing != "unplaced"


def test_rows_drawn_from_nothing_are_those_without_pairs() -> None:
    budget = made_evaluation().budget
    where = budget["measure"] == "precision"
    for row, number in {MEAN_ROW: 0.0, HALVES_ROW: 0.8, CEILING_ROW: 1.0}.items():
        budget.loc[where & (budget["row"] == row), "value"] = number
    for row in (CONDITIONAL_ROW, PRIOR_ROW):
        budget.loc[where & (budget["row"] == row), "value"] = 0.9
    placed = {
        line.name: line.cells[[head.name for head in table.heads].index("precision")].standing
        for table in budget_tables(budget)
        if table.title == HONESTY
        for _, lines in table.groups
        for line in lines
    }
    assert (placed[CONDITIONAL_ROW], placed[PRIOR_ROW]) == ("near", "floor")


def test_badness_grows_away_from_the_best_value() -> None:
    values = np.linspace(-2.0, 2.0, 41)
    targets: dict[Best, float] = {
        "low": -2.0,
        "high": 2.0,
        "zero": 0.0,
        "one": 1.0,
        "half": 0.5,
        "rebuilt": -2.0,
    }
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
